/// Of what a worker failed. Restarts are counted for each cause by itself.
public enum FailureCause: String, CaseIterable, Codable, Hashable, Sendable {
    /// The process ended by itself.
    case exitCode = "exit-code"
    /// A signal ended the process that the manager had not sent.
    case signal
    /// The kernel ended the process for want of memory.
    case outOfMemory = "out-of-memory"
    /// The process lives and sends no heartbeat.
    case frozen
    /// Heartbeats come, and one callback does not end.
    case stuck
    /// Heartbeats come, no callback runs, data is there, and none is handled.
    case starved
    /// The strategy did not start in time, or refused to.
    case start
    /// No process could be had.
    case spawn
    /// The strategy said that it failed for good, such as by its error budget.
    case reported
}
