/// What sort of happening a journal entry records.
///
/// The list is open: an entry of a kind that this version does not know is read back unchanged.
public struct JournalKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word stored in the journal.
    public let rawValue: String

    /// A kind with any name; prefer the constants below.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The word stored in the journal.
    public var description: String { rawValue }

    /// A worker went from one state to another.
    public static let transition = JournalKind(rawValue: "transition")
    /// A person or a program asked for something, and what came of it; `cause` is the command's name.
    public static let command = JournalKind(rawValue: "command")
    /// What is about to be done, such as the start of a worker, written before anything is done about it; `cause` names
    /// it. An intent without an outcome was cut short.
    public static let intent = JournalKind(rawValue: "intent")
    /// What was done because of an intent, such as a process that lives now. There may be none, or several.
    public static let effect = JournalKind(rawValue: "effect")
    /// How an intent ended; `cause` says how: `done`, `failed`, `repaired`, ...
    public static let outcome = JournalKind(rawValue: "outcome")
    /// A strategy emitted a signal; the whole signal is in the view `signals`.
    public static let signal = JournalKind(rawValue: "signal")
    /// A message was refused at the door; these entries are sampled, and the first to go under load.
    public static let refused = JournalKind(rawValue: "refused")
    /// The manager started or stopped; `cause` says which.
    public static let manager = JournalKind(rawValue: "manager")
    /// Something about a worker that is no transition: its process, its limits, its errors.
    public static let worker = JournalKind(rawValue: "worker")
    /// The journal about itself: entries that it could not keep, or dropped for their age or the journal's size.
    public static let journal = JournalKind(rawValue: "journal")
}
