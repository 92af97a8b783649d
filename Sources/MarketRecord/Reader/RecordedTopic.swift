/// A topic in the record.
package struct RecordedTopic: Hashable, Sendable {
    let id: Int64
    let table: RowTable
    package let name: String
    /// The first sequence that is there; 0 where nothing is.
    package let first: UInt64
    /// The last sequence that was recorded, even if it has been dropped since.
    package let last: UInt64
    /// Everything up to this sequence was dropped by retention.
    package let pruned: UInt64
    /// Messages that are there.
    package let messages: UInt64
    /// Bytes of their bodies as they came.
    package let bytes: UInt64
    /// Of the last message, nanoseconds since the Unix epoch.
    package let lastEventTime: Int64
    /// Of the last message, nanoseconds since the Unix epoch.
    package let lastReceiveTime: Int64

    static let columns = """
        id, name, kind, first_seq, last_seq, pruned_seq, messages, bytes, last_event_time, last_receive_time
        """

    /// Reads a row with ``columns``.
    init?(_ row: Statement) {
        guard let table = RowTable(rawValue: row.integer(2)) else { return nil }
        self.table = table
        id = row.integer(0)
        name = row.text(1)
        messages = row.unsigned(6)
        first = messages == 0 ? 0 : row.unsigned(3)
        last = row.unsigned(4)
        pruned = row.unsigned(5)
        bytes = row.unsigned(7)
        lastEventTime = row.integer(8)
        lastReceiveTime = row.integer(9)
    }
}
