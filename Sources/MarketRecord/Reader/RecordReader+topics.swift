internal import WireProtocol

// What there is.
extension RecordReader {
    /// All topics that were ever recorded, by name.
    package func topics() throws(RecordError) -> [RecordedTopic] {
        let rows = try connection.prepare("SELECT \(RecordedTopic.columns) FROM topics ORDER BY name")
        var topics: [RecordedTopic] = []
        while try rows.step() {
            if let topic = RecordedTopic(rows) { topics.append(topic) }
        }
        return topics
    }

    /// What a topic lacks up to its last message: what retention dropped, and what was never recorded.
    ///
    /// - Parameter limit: The most ranges; the first ones are returned.
    package func gaps(_ name: String, limit: Int = 1000) throws(RecordError) -> [LostRange] {
        try connection.reading { () throws(RecordError) in
            guard let topic = try topic(name) else { return [] }
            var lost: [LostRange] = []
            if topic.pruned > 0 { lost.append(LostRange(topic: name, from: 1, to: topic.pruned, reason: .pruned)) }
            let rows = try connection.prepare(
                "SELECT from_seq, to_seq FROM gaps WHERE topic_id = ? AND to_seq > ? ORDER BY from_seq LIMIT ?"
            )
            rows.bind(1, topic.id)
            rows.bind(2, topic.pruned)
            rows.bind(3, Int64(max(limit - lost.count, 0)))
            while try rows.step() {
                let from = max(rows.unsigned(0), topic.pruned + 1)
                lost.append(LostRange(topic: name, from: from, to: rows.unsigned(1), reason: .notRecorded))
            }
            return lost
        }
    }

    /// The sequences from the first message whose event time is at or after `since` to the last one whose event time is at or before
    /// `until`; messages in between that came late may lie outside of these times.
    ///
    /// - Parameters:
    ///   - since: Nanoseconds since the Unix epoch; `nil` for the first message there is.
    ///   - until: Nanoseconds since the Unix epoch; `nil` for the last one.
    /// - Returns: `nil` where there is none.
    package func range(_ name: String, since: Int64?, until: Int64?) throws(RecordError) -> (from: UInt64, to: UInt64)?
    {
        try connection.reading { () throws(RecordError) in
            guard let topic = try topic(name), topic.messages > 0 else { return nil }
            let from =
                try since.map { since throws(RecordError) in try edge(topic, since, isFirst: true) } ?? topic.first
            let to = try until.map { until throws(RecordError) in try edge(topic, until, isFirst: false) } ?? topic.last
            guard let from, let to, from <= to else { return nil }
            return (from, to)
        }
    }

    /// The first message at or after a time, or the last one at or before it: by the sums of blocks, then within the block.
    private func edge(_ topic: RecordedTopic, _ time: Int64, isFirst: Bool) throws(RecordError) -> UInt64? {
        let (blockTime, compare, order) =
            isFirst ? ("last_event_time", ">=", "ASC") : ("first_event_time", "<=", "DESC")
        let blocks = try connection.prepare(
            "SELECT block FROM blocks WHERE topic_id = ? AND \(blockTime) \(compare) ? ORDER BY block \(order)"
        )
        let rows = try connection.prepare(
            """
            SELECT seq FROM \(topic.table.name) WHERE topic_id = ? AND seq BETWEEN ? AND ? AND event_time \(compare) ?
            ORDER BY seq \(order) LIMIT 1
            """
        )
        blocks.bind(1, topic.id)
        blocks.bind(2, time)
        defer { blocks.reset() }
        // More than one only where retention has taken what was looked for out of the first.
        while try blocks.step() {
            let first = blocks.unsigned(0) * RecordSchema.blockLength
            rows.bind(1, topic.id)
            rows.bind(2, first)
            rows.bind(3, first + RecordSchema.blockLength - 1)
            rows.bind(4, time)
            if try rows.step() {
                defer { rows.reset() }
                return rows.unsigned(0)
            }
        }
        return nil
    }

    /// The messages of a range with their columns, for an export: call again from behind the last one until there is none.
    package func rows(_ range: RecordRange, limit: Int) throws(RecordError) -> [RecordedRow] {
        guard let topic = try topic(range.topic) else { return [] }
        let table = topic.table
        let statement = try connection.prepare(
            "SELECT \(table.columns) FROM \(table.name) WHERE topic_id = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        )
        statement.bind(1, topic.id)
        statement.bind(2, Int64(clamping: range.from))
        statement.bind(3, Int64(clamping: range.to))
        statement.bind(4, Int64(limit))
        var rows: [RecordedRow] = []
        while try statement.step() { rows.append(RecordedRow(statement, table)) }
        return rows
    }
}
