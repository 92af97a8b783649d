extension Settings {
    /// What a worker is.
    public enum WorkerKind: String, CaseIterable, SettingsScalar {
        /// A trading strategy: it receives market data and emits signals.
        case strategy
        /// Any other program: it is kept alive and says nothing.
        case process
    }
}

/// What a program of its own is started with, checked for the configuration and for commands alike.
enum ProgramSurroundings {
    private static let maxArguments = 1000
    private static let maxVariables = 1000
    /// Linux takes no longer text than this, with the NUL at its end.
    private static let maxTextBytes = 131_071

    /// What is wrong with arguments; `nil` where nothing is.
    static func problem(of arguments: [String]) -> String? {
        guard arguments.count <= maxArguments else { return "must be at most \(maxArguments), not \(arguments.count)" }
        return arguments.allSatisfy(isText) ? nil : "must each be shorter than 128 KiB and without a NUL character"
    }

    /// What is wrong with variables; `nil` where nothing is.
    static func problem(of environment: [String: String]) -> String? {
        guard environment.count <= maxVariables else {
            return "must be at most \(maxVariables), not \(environment.count)"
        }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "=")), isText("\(name)=\(value)") else {
                return "cannot have '\(name.printable)': a name, a value below 128 KiB, and no NUL character are needed"
            }
            guard !name.hasPrefix("QUANTCELL_") else {
                return "cannot have '\(name.printable)': what begins with QUANTCELL_ is the manager's to say"
            }
        }
        return nil
    }

    private static func isText(_ text: String) -> Bool { text.utf8.count < maxTextBytes && !text.utf8.contains(0) }
}
