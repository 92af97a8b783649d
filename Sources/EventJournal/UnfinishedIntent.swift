/// An intent that has no outcome: whoever meant to do it died, or is at it.
public struct UnfinishedIntent: Hashable, Sendable {
    /// The place of the intent; the outcome that ends it names it as its ``JournalEntry/intent``.
    public let seq: Int64
    /// What was about to be done.
    public let intent: JournalEntry
    /// What was done already, in its order.
    public let effects: [RecordedEntry]

    /// An intent with its place and effects.
    public init(seq: Int64, intent: JournalEntry, effects: [RecordedEntry]) {
        self.seq = seq
        self.intent = intent
        self.effects = effects
    }
}
