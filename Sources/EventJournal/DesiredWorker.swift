/// What somebody asked for: that a worker run, pause or stay stopped. It outlives the manager and the machine.
public struct DesiredWorker: Hashable, Sendable {
    /// What the worker should be doing.
    public enum Wanted: String, Hashable, Sendable, CaseIterable {
        /// It should run, and be started again after a reboot.
        case running
        /// It should be there, and be given no data.
        case paused
        /// It should not run; what it would run with is kept.
        case stopped
    }

    /// Where the wish came from.
    public enum Source: String, Hashable, Sendable, CaseIterable {
        /// The command line.
        case cli
        /// The configuration file.
        case config
        /// A program.
        case api
    }

    /// The strategy slot.
    public var workerID: String
    /// What it should be doing.
    public var wanted: Wanted
    /// What it should run with, as the text of one JSON value. The journal stores it as it is.
    public var config: String
    /// Where the wish came from.
    public var source: Source
    /// When it was last changed, in nanoseconds since the Unix epoch.
    public var updatedAt: Int64

    /// A wish.
    public init(workerID: String, wanted: Wanted, config: String, source: Source, updatedAt: Int64) {
        self.workerID = workerID
        self.wanted = wanted
        self.config = config
        self.source = source
        self.updatedAt = updatedAt
    }
}
