/// Takes the checkpoints of one process in order, each once.
struct CheckpointIntake {
    /// What to do with a checkpoint.
    enum Verdict: Hashable {
        /// Write it down, and tell ``ended(_:isSaved:)`` what became of it.
        case save
        /// It, or a later one, is on disk already; the process is to be told so again.
        case known
        /// It is on its way to the disk.
        case pending
    }

    /// The last one that is on disk.
    private(set) var saved: UInt64 = 0
    /// The last one that is on disk or on its way there.
    private(set) var taken: UInt64 = 0

    /// Whether one is on its way to the disk.
    var isSaving: Bool { taken > saved }

    /// Decides on the checkpoint of an ordinal, 1 and up.
    mutating func offer(_ ordinal: UInt64) -> Verdict {
        if ordinal <= saved { return .known }
        if ordinal <= taken { return .pending }
        taken = ordinal
        return .save
    }

    /// A checkpoint is on disk, or could not be written.
    mutating func ended(_ ordinal: UInt64, isSaved: Bool) {
        if isSaved {
            saved = max(saved, ordinal)
        } else if taken == ordinal {
            // It may come again, and a later one will.
            taken = saved
        }
    }
}
