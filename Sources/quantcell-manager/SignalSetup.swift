import Glibc
import UnixSignals

/// What this process does on signals, whatever it has inherited from who started it.
enum SignalSetup {
    /// Sets what holds for the whole process, and returns the signals that stop the manager.
    static func apply() -> [UnixSignal] {
        // A reader of the log that goes away is an error of one write, not the end of the manager.
        signal(SIGPIPE, SIG_IGN)
        // Where SIGCHLD is ignored the kernel collects children itself, and how they ended is lost.
        signal(SIGCHLD, SIG_DFL)
        // Under nohup the manager outlives its terminal; otherwise it goes with it, in good order.
        return isIgnored(SIGHUP) ? [.sigint, .sigterm] : [.sigint, .sigterm, .sighup]
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
