import CLinux
import Glibc

extension ProcessFingerprint {
    /// Opens a pidfd of this very process; `nil` when it is gone.
    ///
    /// - Throws: `systemCallFailed`.
    func openDescriptor() throws(ProcessControlError) -> OwnedDescriptor? {
        let operation = "watch process \(pid)"
        let descriptor = qc_pidfd_open(pid)
        guard descriptor >= 0 else {
            let number = errno
            if number == ESRCH { return nil }
            throw ProcessControlError(.systemCallFailed, operation: operation, errno: number)
        }
        let pidfd = OwnedDescriptor(owning: descriptor)
        // In this order: who has the pid now has had it since before the descriptor was opened, or has just got it. The
        // latter started after this fingerprint was taken.
        guard try isAlive() else { return nil }
        return pidfd
    }

    /// Signals this very process, whoever has its pid by now.
    ///
    /// - Returns: Whether it was there to be signalled.
    /// - Throws: `systemCallFailed`.
    @discardableResult
    package func send(_ signal: Signal) throws(ProcessControlError) -> Bool {
        guard let pidfd = try openDescriptor() else { return false }
        if qc_pidfd_send_signal(pidfd.rawValue, signal.rawValue) == 0 { return true }
        let number = errno
        if number == ESRCH { return false }
        throw ProcessControlError(.systemCallFailed, operation: "send \(signal) to process \(pid)", errno: number)
    }
}
