/// Why a command ends without having done its work: an exit code and what to tell the user.
struct CommandFailure: Error, Hashable {
    /// The program's exit code, as the help of `quantcell` lists them.
    let status: Int32
    /// What goes to standard error, if anything.
    let message: String?

    /// The manager said no; its own words, or the compiler's, unchanged but for line ends behind them.
    static func refused(_ message: String) -> CommandFailure {
        var message = message
        while message.last?.isNewline == true { message.removeLast() }
        return CommandFailure(status: 1, message: message)
    }

    /// The manager would refuse the input.
    static func badInput(_ message: String) -> CommandFailure {
        own(1, message)
    }

    /// Some of the input was bad and has been reported already.
    static let badInputReported = CommandFailure(status: 1, message: nil)

    /// A file does not hold what it should.
    static func badFile(_ message: String) -> CommandFailure {
        own(65, message)
    }

    /// A file is missing or cannot be read.
    static func noInput(_ message: String) -> CommandFailure {
        own(66, message)
    }

    /// Nobody answers for the runtime folder.
    static func noManager(_ runtimeFolder: String) -> CommandFailure {
        unavailable(
            "no manager is running on \(runtimeFolder); "
                + "start one with: quantcell-manager run --runtime-dir \(runtimeFolder)"
        )
    }

    /// Nobody answers at an address that was given.
    static func noManager(at address: String) -> CommandFailure {
        unavailable("no manager listens at \(address); is it started, and does its configuration have TCP endpoints?")
    }

    /// A flag or a variable holds what it must not.
    static func badUsage(_ message: String) -> CommandFailure {
        own(64, message)
    }

    /// The manager cannot be reached, for a reason that starting one does not mend.
    static func unavailable(_ message: String) -> CommandFailure {
        own(69, message)
    }

    /// A file cannot be created.
    static func cannotCreate(_ message: String) -> CommandFailure {
        own(73, message)
    }

    /// Output cannot be written.
    static func output(_ message: String) -> CommandFailure {
        own(74, message)
    }

    /// The manager is there but does not answer, or takes no more data.
    static func timeout(_ message: String) -> CommandFailure {
        own(75, message)
    }

    /// The manager answered something that this version does not understand.
    static func badAnswer(_ message: String) -> CommandFailure {
        own(76, message)
    }

    /// Ctrl-C, before the work was done.
    static let interrupted = CommandFailure(status: 130, message: nil)

    /// Tells the program's own messages from the manager's and the compiler's.
    private static func own(_ status: Int32, _ message: String) -> CommandFailure {
        CommandFailure(status: status, message: "quantcell: " + message)
    }

    /// Whoever read the output has gone: there is nothing left to do, and nobody to tell.
    static let readerGone = CommandFailure(status: 0, message: nil)
}
