/// A change of the durable state: what is wanted, and which processes live.
///
/// Each writes or removes a whole row, so that a change that was lost is made good by the next one of that worker.
public enum StateChange: Hashable, Sendable {
    /// A worker is wanted so from now on.
    case want(DesiredWorker)
    /// Nothing is wanted of a worker any more, and its configuration is forgotten.
    case forget(workerID: String)
    /// A process lives, and this is what is known of it now. A warm spare has no record until it is claimed.
    case keep(ProcessRecord)
    /// A process, and all that descends from it, is gone.
    case remove(workerID: String, generation: UInt64)
}

/// What goes to disk as one: entries, the state that they speak of, and the death that the first of them tells.
struct JournalUpdate: Sendable {
    var changes: [StateChange]
    var entries: [JournalEntry]
    var death: DeathRecord?
}

extension JournalUpdate {
    /// How much of the room for what waits it takes.
    var weight: Int {
        max(1, changes.count + entries.count)
    }

    /// The bytes of the texts whose length outsiders choose.
    var textSize: Int {
        entries.reduce(death?.textSize ?? 0) { $0 + $1.textSize } + changes.reduce(0) { $0 + $1.textSize }
    }
}

extension StateChange {
    fileprivate var textSize: Int {
        switch self {
        case .want(let desired): desired.config.utf8.count
        case .keep(let process): process.libraryPath?.utf8.count ?? 0
        case .forget, .remove: 0
        }
    }
}
