extension WorkerManager {
    /// What a manager has done between its start and its end.
    public struct Summary: Hashable, Sendable {
        /// How long it ran.
        public let uptime: Duration
        /// Workers that were started.
        public let workers: Int
        /// Times that a process was replaced.
        public let restarts: Int
        /// Market-data messages that were sent on.
        public let published: UInt64
        /// Messages that were refused, on any socket.
        public let refused: UInt64
        /// Entries of the journal that could not be kept.
        public let lostEntries: Int64
    }

    /// What a manager may do to the process that it is in.
    package struct Role: Sendable {
        /// Whether the process is the manager's alone, which may then adopt and collect the orphans of workers.
        package var ownsProcess = false
        /// Whether workers go on when the manager stops, for a later one to take over.
        package var leavesWorkersRunning = false
        /// Where the settings come from, if they can be read again.
        package var settingsSource: SettingsSource?

        package init(
            ownsProcess: Bool = false,
            leavesWorkersRunning: Bool = false,
            settingsSource: SettingsSource? = nil
        ) {
            self.settingsSource = settingsSource
            self.ownsProcess = ownsProcess
            self.leavesWorkersRunning = leavesWorkersRunning
        }
    }
}
