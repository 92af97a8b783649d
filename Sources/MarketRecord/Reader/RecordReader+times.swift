// Messages by their times.
extension RecordReader {
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
        let blocks = try connection.prepare(
            isFirst
                ? try blocksThatReach(time, topic)
                : "SELECT block, in_order FROM blocks WHERE topic_id = ? AND first_event_time <= ? ORDER BY block DESC"
        )
        blocks.bind(1, topic.id)
        blocks.bind(2, time)
        defer { blocks.reset() }
        // More than one only where retention has taken what was looked for out of the first.
        while try blocks.step() {
            let first = blocks.unsigned(0) * RecordSchema.blockLength
            let range = first...(first + RecordSchema.blockLength - 1)
            let found =
                try blocks.integer(1) != 0
                ? bisect(topic, range, time, isFirst: isFirst) : search(topic, range, time, isFirst: isFirst)
            if let found { return found }
        }
        return nil
    }

    /// SQL for the blocks with a message at or after a time, the first one first: from whichever end of the topic is nearer. In a topic of
    /// years, looking at each block takes longer than reading the last hour.
    private func blocksThatReach(_ time: Int64, _ topic: RecordedTopic) throws(RecordError) -> String {
        let oldest = try connection.prepare(
            "SELECT first_event_time FROM blocks WHERE topic_id = ? ORDER BY block LIMIT 1"
        )
        oldest.bind(1, topic.id)
        defer { oldest.reset() }
        let isNearEnd = try oldest.step() && time > oldest.integer(0) / 2 + topic.lastEventTime / 2
        // The '+' keeps the condition from choosing the index.
        return isNearEnd
            ? """
            SELECT block, in_order FROM blocks INDEXED BY blocks_by_event_time
            WHERE topic_id = ? AND last_event_time >= ? ORDER BY block
            """ : "SELECT block, in_order FROM blocks WHERE topic_id = ? AND +last_event_time >= ? ORDER BY block"
    }

    /// Looks at each message of a block.
    private func search(
        _ topic: RecordedTopic,
        _ range: ClosedRange<UInt64>,
        _ time: Int64,
        isFirst: Bool
    ) throws(RecordError) -> UInt64? {
        let (compare, order) = isFirst ? (">=", "ASC") : ("<=", "DESC")
        let rows = try connection.prepare(
            """
            SELECT seq FROM \(topic.table.name) WHERE topic_id = ? AND seq BETWEEN ? AND ? AND event_time \(compare) ?
            ORDER BY seq \(order) LIMIT 1
            """
        )
        rows.bind(1, topic.id)
        rows.bind(2, range.lowerBound)
        rows.bind(3, range.upperBound)
        rows.bind(4, time)
        defer { rows.reset() }
        return try rows.step() ? rows.unsigned(0) : nil
    }

    /// The same where times never go back.
    private func bisect(
        _ topic: RecordedTopic,
        _ range: ClosedRange<UInt64>,
        _ time: Int64,
        isFirst: Bool
    ) throws(RecordError) -> UInt64? {
        let rows = try connection.prepare(
            """
            SELECT seq, event_time FROM \(topic.table.name) WHERE topic_id = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT 1
            """
        )
        rows.bind(1, topic.id)
        var (low, high) = (range.lowerBound, range.upperBound + 1)
        var (before, behind): (UInt64?, UInt64?)
        while low < high {
            let middle = low + (high - low) / 2
            rows.bind(2, middle)
            rows.bind(3, high - 1)
            defer { rows.reset() }
            guard try rows.step() else {
                high = middle
                continue
            }
            let (sequence, found) = (rows.unsigned(0), rows.integer(1))
            if isFirst ? found >= time : found > time {
                (behind, high) = (sequence, middle)
            } else {
                (before, low) = (sequence, sequence + 1)
            }
        }
        return isFirst ? behind : before
    }
}
