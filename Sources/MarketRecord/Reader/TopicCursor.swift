internal import WireProtocol

/// Walks over a range of one topic.
struct TopicCursor {
    let topic: RecordedTopic
    let parts: Topic
    let statement: Statement
    private let to: UInt64
    /// The next sequence that has neither been seen nor found missing.
    private var expected: UInt64
    /// Whether the statement stands on a row.
    private(set) var hasRow = false
    /// The row's place in the order of arrival.
    private(set) var position: UInt64 = 0
    private(set) var sequence: UInt64 = 0

    init(_ topic: RecordedTopic, _ parts: Topic, _ range: RecordRange, _ statement: Statement) throws(RecordError) {
        (self.topic, self.parts, self.statement, to) = (topic, parts, statement, range.to)
        expected = max(range.from, 1)
        statement.bind(1, topic.id)
        statement.bind(2, Int64(clamping: expected))
        statement.bind(3, Int64(clamping: to))
        try step()
    }

    /// What is missing in front of the row, or, without a row, up to the end.
    func missing() -> ClosedRange<UInt64>? {
        if hasRow { return expected < sequence ? expected...(sequence - 1) : nil }
        return expected <= to ? expected...to : nil
    }

    /// Goes on to the next row.
    mutating func advance() throws(RecordError) {
        expected = sequence + 1
        try step()
    }

    private mutating func step() throws(RecordError) {
        hasRow = try statement.step()
        guard hasRow else { return }
        sequence = statement.unsigned(1)
        position = statement.unsigned(2)
    }
}
