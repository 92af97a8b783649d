/// A live process of a worker, with what a later manager needs to know it again and to adopt it.
///
/// A process is the same one only when pid, start time, boot and token all match.
public struct ProcessRecord: Hashable, Sendable, CustomStringConvertible {
    /// The strategy slot.
    public var workerID: String
    /// The incarnation of that worker; with `workerID` it names the record.
    public var generation: UInt64
    /// The name of the process towards the manager.
    public var identity: String
    /// The secret that the process shows to prove who it is. No view of the database shows it.
    public var token: String
    /// The process id.
    public var pid: Int32
    /// When the kernel started it, in clock ticks since boot, as in `/proc/PID/stat`.
    public var startTime: UInt64
    /// The boot that `pid` and `startTime` belong to, as in `/proc/sys/kernel/random/boot_id`.
    public var bootID: String
    /// The compiled strategy that it loaded; nil for a foreign executable.
    public var libraryPath: String?
    /// The worker's state.
    public var state: String
    /// When the process became this worker, in nanoseconds since the Unix epoch.
    public var startedAt: Int64
    /// How many times the worker was restarted before.
    public var restarts: Int

    /// A record.
    public init(
        workerID: String,
        generation: UInt64,
        identity: String,
        token: String,
        pid: Int32,
        startTime: UInt64,
        bootID: String,
        libraryPath: String? = nil,
        state: String,
        startedAt: Int64,
        restarts: Int = 0
    ) {
        self.workerID = workerID
        self.generation = generation
        self.identity = identity
        self.token = token
        self.pid = pid
        self.startTime = startTime
        self.bootID = bootID
        self.libraryPath = libraryPath
        self.state = state
        self.startedAt = startedAt
        self.restarts = restarts
    }

    /// The record without its secret, so that a log line cannot give it away.
    public var description: String {
        "\(workerID) generation \(generation) (\(identity), pid \(pid), \(state))"
    }
}
