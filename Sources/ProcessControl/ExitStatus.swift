import Glibc

/// How a process ended.
package enum ExitStatus: Hashable, Sendable {
    /// It returned from `main` or called `exit` with this code, 0 to 255.
    case exited(code: Int32)
    /// A signal ended it, and the kernel wrote a core file or did not.
    case signaled(Signal, coreDumped: Bool)
    /// Nobody can tell: it was not our child, or somebody else has collected it.
    case unknown

    /// From `si_code` and `si_status` of waitid(2).
    init(code: Int32, status: Int32) {
        switch code {
        case Int32(CLD_KILLED): self = .signaled(Signal(rawValue: status), coreDumped: false)
        case Int32(CLD_DUMPED): self = .signaled(Signal(rawValue: status), coreDumped: true)
        default: self = .exited(code: status)
        }
    }

    /// From the number that wait(2) gives.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        if signal == 0 {
            self = .exited(code: waitStatus >> 8 & 0xFF)
        } else {
            self = .signaled(Signal(rawValue: signal), coreDumped: waitStatus & 0x80 != 0)
        }
    }

    /// Whether the process ended by itself with code 0.
    package var isSuccess: Bool { self == .exited(code: 0) }
}

extension ExitStatus: CustomStringConvertible {
    /// For people: `exit code 3`, `SIGKILL`, `SIGSEGV, core dumped`, `an unknown exit status`.
    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal, let coreDumped): coreDumped ? "\(signal), core dumped" : "\(signal)"
        case .unknown: "an unknown exit status"
        }
    }
}
