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
