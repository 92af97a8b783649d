internal import Supervision

/// New code for a worker, and what it has to show before it takes over.
struct ReloadRequest {
    /// The strategy's file, absolute; `nil` for the one that it runs.
    var path: String?
    var actor: Actor
    /// How long it is tried beside the old code.
    var trial: Settings.Reload
    /// How many of the last messages of each topic both versions are shown first, to compare their signals; `nil` for none.
    var compared: Int?
    /// Whether it ends with the comparison.
    var isComparison = false
    /// Whether nothing is to be done where the compiler makes the same of it as what runs.
    var needsChange = false
}

/// What became of a reload.
struct ReloadReport {
    /// What the new code did on trial; `nil` where there was none.
    var handled: UInt64?
    var comparison: SignalComparison?
    /// Whether the new code runs.
    var hasTakenOver = false
    /// Whether it is what ran already, and was left running.
    var isUnchanged = false
    /// Whether the worker was stopped and started, since nothing else can be done with an executable.
    var isRestarted = false
}
