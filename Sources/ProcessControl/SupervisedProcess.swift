/// A process that is watched and signalled through its pidfd, whether we started it or found it running.
///
/// Put ``pidFileDescriptor`` into an epoll set and call ``end()`` when it is readable.
package protocol SupervisedProcess: AnyObject {
    /// Names this process for good, beyond this process' own life.
    var fingerprint: ProcessFingerprint { get }
    /// Readable in poll and epoll once the process has exited. Valid as long as the object lives.
    var pidFileDescriptor: Int32 { get }

    /// Signals the process alone. One that has exited takes no notice.
    func send(_ signal: Signal) throws(ProcessControlError)
    /// Signals every process in the group that it leads.
    func signalGroup(_ signal: Signal) throws(ProcessControlError)
    /// How it ended; `nil` while it lives. Never waits.
    func end() throws(ProcessControlError) -> Exit?
    /// Declares that the process is left running on purpose.
    func abandon()
}

extension SupervisedProcess {
    /// The process id. For display: it may be somebody else's once the process has ended.
    package var pid: Int32 { fingerprint.pid }
}

extension ChildProcess: SupervisedProcess {
    /// The same as ``reap()``.
    package func end() throws(ProcessControlError) -> Exit? { try reap() }
}
