internal import Glibc
internal import WireProtocol

/// Reads the record, over a connection of its own; used by one thread at a time.
///
/// What a call costs depends on what it returns, not on how much is in the record. Each call sees the record as of one moment.
package final class RecordReader {
    /// The most ranges that one call takes.
    package static let maxRanges = 1000
    private static let messagesBetweenYields = 32

    let connection: Connection
    private let configuration: RecordConfiguration
    private let topicByName: Statement
    private let free: [RowTable: FreeStatements]
    private var rows = RowReader()

    /// Opens the record for reading.
    ///
    /// - Throws: ``RecordError`` when there is none, or it cannot be read.
    package init(_ configuration: RecordConfiguration) throws(RecordError) {
        self.configuration = configuration
        connection = try Connection(path: configuration.path, readOnly: true, busyTimeout: .seconds(5))
        try connection.execute("PRAGMA cache_size = -4096")
        try RecordSchema.checkOwnership(connection)
        topicByName = try connection.prepare("SELECT \(RecordedTopic.columns) FROM topics WHERE name = ?")
        var free: [RowTable: FreeStatements] = [:]
        for table in RowTable.allCases {
            free[table] = FreeStatements(
                "SELECT \(table.columns) FROM \(table.name) WHERE topic_id = ? AND seq BETWEEN ? AND ? ORDER BY seq"
            )
        }
        self.free = free
    }

    /// The messages of some ranges, in the order of arrival.
    ///
    /// - Parameters:
    ///   - limit: The most messages.
    ///   - maxBytes: The most bytes of bodies; a larger message comes alone.
    /// - Throws: ``RecordError``
    package func messages(
        _ ranges: [RecordRange],
        limit: Int,
        maxBytes: Int,
        format: RecordFormat
    ) throws(RecordError) -> RecordChunk {
        guard ranges.count <= Self.maxRanges else {
            throw RecordError(
                .tooLarge,
                "\(ranges.count) ranges were asked for at once; at most \(Self.maxRanges) are taken"
            )
        }
        return try connection.reading { () throws(RecordError) in
            var chunk = RecordChunk()
            var cursors: [TopicCursor] = []
            defer { for cursor in cursors { giveBack(cursor) } }
            for range in ranges where range.from <= range.to && range.to > 0 {
                if let cursor = try open(range, &chunk) { cursors.append(cursor) }
            }
            try merge(&cursors, into: &chunk, limit: limit, maxBytes: maxBytes, format: format)
            return chunk
        }
    }

    /// The last messages of each topic, in the order of arrival.
    ///
    /// - Parameters:
    ///   - counts: Topic to how many of its messages.
    ///   - before: Topic to the sequence that they must lie below; without one, the last ones there are.
    ///   - maxBytes: The most bytes of bodies; where there are more, ``RecordChunk/more`` says so and the latest are missing.
    package func last(
        _ counts: [String: Int],
        before: [String: UInt64] = [:],
        maxBytes: Int,
        format: RecordFormat
    ) throws(RecordError) -> RecordChunk {
        var ranges: [RecordRange] = []
        for (name, count) in counts where count > 0 {
            guard let topic = try topic(name) else { continue }
            let end = min(before[name].map { $0 == 0 ? 0 : $0 - 1 } ?? topic.last, topic.last)
            let first = try connection.prepare(
                """
                SELECT min(seq) FROM (SELECT seq FROM \(topic.table.name) WHERE topic_id = ? AND seq <= ?
                ORDER BY seq DESC LIMIT ?)
                """
            )
            first.bind(1, topic.id)
            first.bind(2, Int64(clamping: end))
            first.bind(3, Int64(count))
            guard try first.step(), !first.isNull(0) else { continue }
            ranges.append(RecordRange(topic: name, from: first.unsigned(0), to: end))
            first.reset()
        }
        let limit = ranges.reduce(0) { $0 + (counts[$1.topic] ?? 0) }
        return try messages(ranges, limit: limit, maxBytes: maxBytes, format: format)
    }

    // MARK: Merging

    private func merge(
        _ cursors: inout [TopicCursor],
        into chunk: inout RecordChunk,
        limit: Int,
        maxBytes: Int,
        format: RecordFormat
    ) throws(RecordError) {
        var bytes = 0
        while let next = cursors.indices.filter({ cursors[$0].hasRow }).min(by: {
            cursors[$0].position < cursors[$1].position
        }) {
            guard chunk.messages.count < limit else {
                chunk.more = true
                return
            }
            let cursor = cursors[next]
            let body = try rows.body(cursor.statement, cursor.topic.table, cursor.parts, format, connection.path)
            guard chunk.messages.isEmpty || bytes + body.count <= maxBytes else {
                chunk.more = true
                return
            }
            bytes += body.count
            // Whoever reads back is late already; others who wait for this processor are not.
            if chunk.messages.count % Self.messagesBetweenYields == 0 { sched_yield() }
            report(cursor, &chunk)
            chunk.messages.append(
                RecordedMessage(
                    topic: cursor.topic.name,
                    body: body,
                    sequence: cursor.sequence,
                    position: cursor.position
                )
            )
            try cursors[next].advance()
            if !cursors[next].hasRow { report(cursors[next], &chunk) }
        }
    }

    private func open(_ range: RecordRange, _ chunk: inout RecordChunk) throws(RecordError) -> TopicCursor? {
        guard let topic = try topic(range.topic), let parts = Topic(recorded: range.topic) else {
            lose(range.topic, max(range.from, 1)...range.to, pruned: 0, &chunk)
            return nil
        }
        guard let statement = try free[topic.table]?.take(connection) else { return nil }
        let cursor = try TopicCursor(topic, parts, range, statement)
        if !cursor.hasRow { report(cursor, &chunk) }
        return cursor
    }

    private func giveBack(_ cursor: TopicCursor) {
        free[cursor.topic.table]?.give(cursor.statement)
    }

    private func report(_ cursor: TopicCursor, _ chunk: inout RecordChunk) {
        if let missing = cursor.missing() { lose(cursor.topic.name, missing, pruned: cursor.topic.pruned, &chunk) }
    }

    private func lose(_ topic: String, _ range: ClosedRange<UInt64>, pruned: UInt64, _ chunk: inout RecordChunk) {
        var from = range.lowerBound
        if from <= pruned {
            let to = min(range.upperBound, pruned)
            chunk.lost.append(LostRange(topic: topic, from: from, to: to, reason: .pruned))
            guard to < range.upperBound else { return }
            from = to + 1
        }
        let reason = configuration.wants(topic) ? LostRange.Reason.notRecorded : .recordOff
        chunk.lost.append(LostRange(topic: topic, from: from, to: range.upperBound, reason: reason))
    }

    /// What is known of a topic; `nil` where nothing of it was ever recorded.
    package func topic(_ name: String) throws(RecordError) -> RecordedTopic? {
        topicByName.bind(1, name)
        defer { topicByName.reset() }
        return try topicByName.step() ? RecordedTopic(topicByName) : nil
    }
}

/// Compiled statements that nobody walks over.
private final class FreeStatements {
    private let sql: String
    private var statements: [Statement] = []

    init(_ sql: String) {
        self.sql = sql
    }

    func take(_ connection: Connection) throws(RecordError) -> Statement {
        if let statement = statements.popLast() { return statement }
        return try connection.prepare(sql)
    }

    func give(_ statement: Statement) {
        statement.reset()
        // Each holds some memory; a call with very many ranges is rare.
        if statements.count < 64 { statements.append(statement) }
    }
}

extension Topic {
    /// A topic as the record names it.
    init?(recorded name: String) {
        var name = name
        let topic = name.withUTF8 { try? Topic(parsing: UnsafeRawBufferPointer($0)) }
        guard let topic else { return nil }
        self = topic
    }
}
