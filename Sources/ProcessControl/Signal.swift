import CLinux
import Glibc

/// A Unix signal by its number.
package struct Signal: RawRepresentable, Hashable, Sendable {
    /// The number, as in signal(7).
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    package static let hup = Signal(rawValue: SIGHUP)
    package static let int = Signal(rawValue: SIGINT)
    package static let quit = Signal(rawValue: SIGQUIT)
    package static let abrt = Signal(rawValue: SIGABRT)
    package static let kill = Signal(rawValue: SIGKILL)
    package static let usr1 = Signal(rawValue: SIGUSR1)
    package static let segv = Signal(rawValue: SIGSEGV)
    package static let usr2 = Signal(rawValue: SIGUSR2)
    package static let term = Signal(rawValue: SIGTERM)
    package static let xcpu = Signal(rawValue: SIGXCPU)
    package static let cont = Signal(rawValue: SIGCONT)
    package static let stop = Signal(rawValue: SIGSTOP)
}

extension Signal: CustomStringConvertible {
    /// The name that people know, such as `SIGKILL`; `signal 40` when it has none.
    package var description: String {
        guard let abbreviation = qc_signal_abbreviation(rawValue) else {
            return "signal \(rawValue)"
        }
        return "SIG" + String(cString: abbreviation)
    }
}
