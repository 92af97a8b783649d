/// What the recorder knows about one topic, ahead of the database within a transaction.
final class TopicState {
    let id: Int64
    let name: String
    let table: RowTable
    var firstSequence: UInt64
    var lastSequence: UInt64
    var prunedSequence: UInt64
    var messages: Int64
    var bytes: Int64
    var lastEventTime: Int64
    var lastReceiveTime: Int64
    /// The block that the last message is in; `nil` before the first one.
    var block: BlockState?
    /// Whether it differs from its rows in the database.
    var isDirty = false

    init(id: Int64, name: String, table: RowTable) {
        self.id = id
        self.name = name
        self.table = table
        (firstSequence, lastSequence, prunedSequence) = (0, 0, 0)
        (messages, bytes, lastEventTime, lastReceiveTime) = (0, 0, 0, 0)
    }
}

/// A run of messages, summed up.
struct BlockState {
    let number: UInt64
    var messages: Int64 = 0
    var bytes: Int64 = 0
    var firstEventTime = Int64.max
    var lastEventTime = Int64.min
    var lastReceiveTime = Int64.min
    /// Whether event times never go back.
    var isInOrder = true

    init(number: UInt64) {
        self.number = number
    }

    static let columns = "block, messages, bytes, first_event_time, last_event_time, last_receive_time, in_order"

    /// Reads a row with ``columns``.
    init(_ row: Statement) {
        number = row.unsigned(0)
        messages = row.integer(1)
        bytes = row.integer(2)
        firstEventTime = row.integer(3)
        lastEventTime = row.integer(4)
        lastReceiveTime = row.integer(5)
        isInOrder = row.integer(6) != 0
    }

    mutating func add(eventTime: Int64, receiveTime: Int64, bytes: Int) {
        messages += 1
        if eventTime < lastEventTime { isInOrder = false }
        self.bytes += Int64(bytes)
        firstEventTime = min(firstEventTime, eventTime)
        lastEventTime = max(lastEventTime, eventTime)
        lastReceiveTime = max(lastReceiveTime, receiveTime)
    }
}
