import Glibc
import UnixSignals

/// What this process does on signals, whatever it has inherited from who started it.
enum SignalSetup {
    /// Sets what holds for the whole process, and returns the signals that stop the manager, and those by which somebody hangs up.
    static func apply() async -> (stop: [UnixSignal], hangups: UnixSignalsSequence) {
        // A reader of the log that goes away is an error of one write, not the end of the manager.
        signal(SIGPIPE, SIG_IGN)
        // Where SIGCHLD is ignored the kernel collects children itself, and how they ended is lost.
        signal(SIGCHLD, SIG_DFL)
        // Under nohup the manager outlives its terminal.
        return ([.sigint, .sigterm], await UnixSignalsSequence(trapping: isIgnored(SIGHUP) ? [] : [.sighup]))
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}

/// The terminal that the process was started from.
struct Terminal {
    private let wasThere = Self.isThere

    /// Whether there was one, and it has closed.
    var isGone: Bool { wasThere && !Self.isThere }

    private static var isThere: Bool {
        let descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
