import CLinux
import Glibc

/// A process that this one has started and must collect.
///
/// It is watched and signalled through its pidfd, which stands for this very process whatever becomes of the pid. Put
/// ``pidFileDescriptor`` into an epoll set and call ``reap()`` when it is readable. To let one go is a mistake, and traps
/// in debug builds, unless it has been reaped or is meant to outlive us: ``abandon()``.
///
/// Not `Sendable`: it belongs to whoever spawned it.
package final class ChildProcess {
    private enum State {
        case unreaped
        case reaped(Exit)
        /// Somebody else has collected it; how it ended cannot be known any more.
        case lost
    }

    /// Names this process for good, beyond this process' own life.
    package let fingerprint: ProcessFingerprint
    private let pidfd: OwnedDescriptor
    private var state = State.unreaped
    private var isAbandoned = false

    init(fingerprint: ProcessFingerprint, pidfd: consuming OwnedDescriptor) {
        self.fingerprint = fingerprint
        self.pidfd = pidfd
    }

    deinit {
        guard case .unreaped = state else { return }
        ChildRegistry.remove(pid)
        if !isAbandoned { assertionFailure("process \(pid) was neither reaped nor abandoned") }
    }

    /// Readable in poll and epoll once the process has exited. Owned by this object, and valid as long as it lives.
    package var pidFileDescriptor: Int32 { pidfd.rawValue }

    /// Signals the process alone. A process that has exited but has not been reaped takes no notice.
    ///
    /// - Throws: `alreadyReaped`, or `systemCallFailed`.
    package func send(_ signal: Signal) throws(ProcessControlError) {
        let operation = "send \(signal) to process \(pid)"
        try requireUnreaped(operation)
        // ESRCH: it has exited, which the caller learns by reaping it.
        guard qc_pidfd_send_signal(pidfd.rawValue, signal.rawValue) == 0 || errno == ESRCH else {
            throw ProcessControlError(.systemCallFailed, operation: operation, errno: errno)
        }
    }

    /// Signals every process in the group: this one and the descendants that did not leave for a group of their own.
    ///
    /// - Throws: `alreadyReaped`, or `systemCallFailed`.
    package func signalGroup(_ signal: Signal) throws(ProcessControlError) {
        let operation = "send \(signal) to process group \(pid)"
        // Until the leader is reaped the kernel keeps its pid, which is the group's id, from being given away.
        try requireUnreaped(operation)
        guard kill(-pid, signal.rawValue) == 0 || errno == ESRCH else {
            throw ProcessControlError(.systemCallFailed, operation: operation, errno: errno)
        }
    }

    /// Collects the process if it has exited, after it has sent SIGKILL to what is left of its group. Never waits.
    ///
    /// - Returns: `nil` while it lives; from then on the same answer every time.
    /// - Throws: `alreadyReaped` when somebody else has collected it, or `systemCallFailed`.
    package func reap() throws(ProcessControlError) -> Exit? {
        if case .reaped(let exit) = state { return exit }
        try requireUnreaped("collect process \(pid)")
        var result = qc_child_exit()
        guard try collected(qc_pidfd_peek_exit(pidfd.rawValue, &result)) else { return nil }
        // The last moment at which the group's id is certain to be ours. Nothing to do about a member that may not be
        // signalled, having changed its user: the leader still has to be collected.
        _ = kill(-pid, SIGKILL)
        guard try collected(qc_pidfd_reap(pidfd.rawValue, &result)) else { return nil }
        ChildRegistry.remove(pid)
        let exit = Exit(
            status: ExitStatus(code: result.code, status: result.status),
            usage: ResourceUsage(result)
        )
        state = .reaped(exit)
        return exit
    }

    /// Declares that the process is left running on purpose, to be adopted by its ``fingerprint`` later. If it exits
    /// while this process lives, it stays a zombie until ``Subreaper/reapOrphans()`` or until this process ends.
    package func abandon() {
        isAbandoned = true
        if case .unreaped = state { ChildRegistry.remove(pid) }
    }

    /// Reads the result of one of the waitid shims, and `errno` with it.
    private func collected(_ status: Int32) throws(ProcessControlError) -> Bool {
        guard status < 0 else { return status == 1 }
        let number = errno
        let operation = "collect process \(pid)"
        guard number == ECHILD else {
            throw ProcessControlError(.systemCallFailed, operation: operation, errno: number)
        }
        state = .lost
        ChildRegistry.remove(pid)
        throw ProcessControlError(
            .alreadyReaped,
            operation: operation,
            errno: number,
            hint: "somebody else has: is SIGCHLD ignored, or does another part of the program wait for any child?"
        )
    }

    private func requireUnreaped(_ operation: String) throws(ProcessControlError) {
        if case .unreaped = state { return }
        throw ProcessControlError(.alreadyReaped, operation: operation, reason: "it has been reaped")
    }
}
