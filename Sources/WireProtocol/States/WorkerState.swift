/// The life of a worker, from its process's first breath to the last descendant's end.
///
/// ``transitions`` is the whole table; nothing may change a state in any other way.
public enum WorkerState: String, CaseIterable, Codable, Hashable, Sendable {
    /// The process is spawned, or waited for, and not yet heard from.
    case initializing
    /// Connected and idle; every warm spare is here.
    case initialized
    /// The strategy is loading, restoring and joining its topics.
    case starting
    /// The strategy receives data.
    case running
    /// Alive, heartbeats go on, data is held back.
    case paused
    /// New code or parameters are going in.
    case reloading
    /// Asked for by a person or a reload; a new process follows.
    case restarting
    /// Told to stop; the ladder is running.
    case stopping
    /// The process and every descendant are gone.
    case stopped
    /// Failed; waits for the policy or a person.
    case error
    /// The policy has granted a restart.
    case recovering

    /// What each state may become.
    public static let transitions: [WorkerState: Set<WorkerState>] = [
        .initializing: [.initialized, .stopping, .error],
        .initialized: [.starting, .stopping, .error],
        .starting: [.running, .stopping, .error],
        .running: [.paused, .reloading, .restarting, .stopping, .error],
        .paused: [.running, .reloading, .restarting, .stopping, .error],
        .reloading: [.running, .paused, .stopping, .error],
        .restarting: [.initializing, .starting, .stopping, .error],
        .stopping: [.stopped, .error],
        .stopped: [.restarting],
        .error: [.recovering, .restarting, .stopping],
        .recovering: [.initializing, .starting, .running, .stopping, .error],
    ]

    /// Whether the table lets this state become `next`.
    public func mayBecome(_ next: WorkerState) -> Bool {
        Self.transitions[self]?.contains(next) ?? false
    }

    /// Whether a state lasts until something happens; every other one has a deadline.
    public var isStable: Bool {
        switch self {
        case .running, .paused, .stopped, .error: true
        default: false
        }
    }
}
