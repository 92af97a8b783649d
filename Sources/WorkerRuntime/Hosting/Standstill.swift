import WireProtocol

/// A worker that handles nothing while new code takes over: the old process, or the new one.
struct Standstill {
    /// What a worker becomes when it goes on.
    enum Next: String {
        case running, paused
    }

    let next: Next
    /// Whether it is the process that takes over; it has nothing yet that is to be saved.
    let isNew: Bool
    /// The `handover` that is answered when everything is on disk.
    var handover: Message?

    /// Whether a `stop` with that reason is for a process in whose place another one stands, or that a later manager does not know.
    static func isReplaced(_ reason: String) -> Bool { reason == "replaced" || reason == "unknown process" }
}
