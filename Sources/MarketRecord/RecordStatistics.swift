/// What the record has done since it was opened.
package struct RecordStatistics: Hashable, Sendable {
    /// Messages in the ring that are not in the database yet; may be late by one batch.
    package var pendingMessages: UInt64 = 0
    /// Bytes of the ring that they take.
    package var pendingBytes: UInt64 = 0
    /// Bytes that the ring has for messages.
    package var ringBytes = 0
    /// Messages that were written to the database.
    package var recorded: UInt64 = 0
    /// Messages that were in the database already, after a crash between commit and release.
    package var repeated: UInt64 = 0
    /// Messages that could not be read; the reader says of them that they were not recorded.
    package var unreadable: UInt64 = 0
    /// Messages that are larger than half of the ring, and so were not taken in.
    package var tooLarge: UInt64 = 0
    /// Bytes of the ring that were thrown away because they were damaged, or of another boot.
    package var discardedBytes: UInt64 = 0
    /// Messages that retention has dropped.
    package var pruned: UInt64 = 0
    /// How long the last commit took, its messages included.
    package var lastCommit: Duration = .zero
    /// The database, without its -wal; bytes.
    package var fileBytes: Int64 = 0
    /// Why recording does not work at present.
    package var failure: RecordError?
}
