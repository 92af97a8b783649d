internal import WireProtocol

/// The statements of a store, but for the rows of messages.
struct StoreStatements {
    private let connection: Connection
    private let insertTopic: Statement
    private let updateTopic: Statement
    private let upsertBlock: Statement
    private let insertGap: Statement
    private let upsertPublisher: Statement
    private let upsertPosition: Statement
    private let upsertCheckpoint: Statement
    private let removeCheckpoint: Statement
    private let deleteRows: [RowTable: Statement]
    private let firstRow: [RowTable: Statement]
    private let deleteGaps: Statement
    private let deleteBlock: Statement
    private let selectBlock: Statement
    private let oldest: Statement

    init(_ connection: Connection) throws(RecordError) {
        self.connection = connection
        insertTopic = try connection.prepare(
            """
            INSERT INTO topics (name, kind, first_seq, last_seq, pruned_seq, messages, bytes, last_event_time,
            last_receive_time) VALUES (?, ?, 0, 0, 0, 0, 0, 0, 0) RETURNING id
            """
        )
        updateTopic = try connection.prepare(
            """
            UPDATE topics SET first_seq = ?2, last_seq = ?3, pruned_seq = ?4, messages = ?5, bytes = ?6, last_event_time = ?7,
            last_receive_time = ?8 WHERE id = ?1
            """
        )
        upsertBlock = try connection.prepare("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        insertGap = try connection.prepare("INSERT OR REPLACE INTO gaps VALUES (?, ?, ?)")
        upsertPublisher = try connection.prepare("INSERT OR REPLACE INTO publishers VALUES (?, ?, ?)")
        upsertPosition = try connection.prepare("INSERT OR REPLACE INTO counters VALUES ('next_position', ?)")
        upsertCheckpoint = try connection.prepare(
            """
            INSERT INTO checkpoints VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET
            generation = ?2, ordinal = ?3, positions = ?4, state = ?5, strategy = ?6, reason = ?7, saved_at = ?8
            WHERE ?9 OR (?2, ?3) >= (generation, ordinal)
            """
        )
        removeCheckpoint = try connection.prepare("DELETE FROM checkpoints WHERE worker_id = ?")
        var deletions: [RowTable: Statement] = [:]
        var firsts: [RowTable: Statement] = [:]
        for table in RowTable.allCases {
            deletions[table] = try connection.prepare(
                "DELETE FROM \(table.name) WHERE topic_id = ? AND seq BETWEEN ? AND ?"
            )
            firsts[table] = try connection.prepare(
                "SELECT seq FROM \(table.name) WHERE topic_id = ? AND seq > ? ORDER BY seq LIMIT 1"
            )
        }
        (deleteRows, firstRow) = (deletions, firsts)
        deleteGaps = try connection.prepare("DELETE FROM gaps WHERE topic_id = ? AND to_seq <= ?")
        deleteBlock = try connection.prepare("DELETE FROM blocks WHERE topic_id = ? AND block = ?")
        selectBlock = try connection.prepare(
            "SELECT \(BlockState.columns) FROM blocks WHERE topic_id = ? AND block = ?"
        )
        oldest = try connection.prepare(
            "SELECT topic_id, last_receive_time FROM blocks ORDER BY last_receive_time LIMIT 1"
        )
    }

    func addTopic(_ name: String, _ table: RowTable) throws(RecordError) -> Int64 {
        insertTopic.bind(1, name)
        insertTopic.bind(2, table.rawValue)
        defer { insertTopic.reset() }
        return try insertTopic.step() ? insertTopic.integer(0) : 0
    }

    func save(_ topic: TopicState) throws(RecordError) {
        updateTopic.bind(1, topic.id)
        updateTopic.bind(2, topic.firstSequence)
        updateTopic.bind(3, topic.lastSequence)
        updateTopic.bind(4, topic.prunedSequence)
        updateTopic.bind(5, topic.messages)
        updateTopic.bind(6, topic.bytes)
        updateTopic.bind(7, topic.lastEventTime)
        updateTopic.bind(8, topic.lastReceiveTime)
        try updateTopic.run()
    }

    func save(_ block: BlockState, topicID: Int64) throws(RecordError) {
        upsertBlock.bind(1, topicID)
        upsertBlock.bind(2, block.number)
        upsertBlock.bind(3, block.messages)
        upsertBlock.bind(4, block.bytes)
        upsertBlock.bind(5, block.firstEventTime)
        upsertBlock.bind(6, block.lastEventTime)
        upsertBlock.bind(7, block.lastReceiveTime)
        upsertBlock.bind(8, block.isInOrder ? 1 : 0 as Int64)
        try upsertBlock.run()
    }

    func addGap(_ topicID: Int64, _ from: UInt64, _ to: UInt64) throws(RecordError) {
        insertGap.bind(1, topicID)
        insertGap.bind(2, from)
        insertGap.bind(3, to)
        try insertGap.run()
    }

    func savePublisher(_ id: String, _ number: UInt64, _ now: Int64) throws(RecordError) {
        upsertPublisher.bind(1, id)
        upsertPublisher.bind(2, number)
        upsertPublisher.bind(3, now)
        try upsertPublisher.run()
    }

    /// Forgets those that have been silent for the longest time.
    func forgetPublishers(_ count: Int) throws(RecordError) {
        try connection.execute(
            "DELETE FROM publishers WHERE id IN (SELECT id FROM publishers ORDER BY updated_at LIMIT \(count))"
        )
    }

    func savePosition(_ position: UInt64) throws(RecordError) {
        upsertPosition.bind(1, position)
        try upsertPosition.run()
    }

    /// - Parameter overwriting: Whether it also takes the place of a later one.
    func save(_ checkpoint: CheckpointRecord, overwriting: Bool) throws(RecordError) {
        upsertCheckpoint.bind(1, checkpoint.workerID)
        upsertCheckpoint.bind(2, checkpoint.generation)
        upsertCheckpoint.bind(3, checkpoint.ordinal)
        upsertCheckpoint.bind(4, JSONValue.object(checkpoint.positions.mapValues { JSONValue($0) }).text)
        upsertCheckpoint.bind(5, checkpoint.state)
        upsertCheckpoint.bind(6, checkpoint.strategy)
        upsertCheckpoint.bind(7, checkpoint.reason)
        upsertCheckpoint.bind(8, checkpoint.savedAt)
        upsertCheckpoint.bind(9, overwriting ? 1 : 0 as Int64)
        try upsertCheckpoint.run()
    }

    func deleteCheckpoint(_ workerID: String) throws(RecordError) {
        removeCheckpoint.bind(1, workerID)
        try removeCheckpoint.run()
    }

    // MARK: Dropping

    func deleteRows(_ topic: TopicState, through upper: UInt64) throws(RecordError) -> Int64 {
        guard let statement = deleteRows[topic.table] else { return 0 }
        statement.bind(1, topic.id)
        statement.bind(2, topic.firstSequence)
        statement.bind(3, upper)
        try statement.run()
        return Int64(connection.changes)
    }

    /// The first message that is still there.
    func firstSequence(_ topic: TopicState) throws(RecordError) -> UInt64? {
        guard let statement = firstRow[topic.table] else { return nil }
        statement.bind(1, topic.id)
        statement.bind(2, topic.prunedSequence)
        defer { statement.reset() }
        return try statement.step() ? statement.unsigned(0) : nil
    }

    func deleteGaps(_ topic: TopicState, through upper: UInt64) throws(RecordError) {
        deleteGaps.bind(1, topic.id)
        deleteGaps.bind(2, upper)
        try deleteGaps.run()
    }

    func deleteBlock(_ number: UInt64, topicID: Int64) throws(RecordError) {
        deleteBlock.bind(1, topicID)
        deleteBlock.bind(2, number)
        try deleteBlock.run()
    }

    func block(_ number: UInt64, topicID: Int64) throws(RecordError) -> BlockState? {
        selectBlock.bind(1, topicID)
        selectBlock.bind(2, number)
        defer { selectBlock.reset() }
        return try selectBlock.step() ? BlockState(selectBlock) : nil
    }

    func oldestBlock() throws(RecordError) -> (topicID: Int64, lastReceiveTime: Int64)? {
        defer { oldest.reset() }
        return try oldest.step() ? (oldest.integer(0), oldest.integer(1)) : nil
    }

    // MARK: When the store is opened

    func topics() throws(RecordError) -> [TopicState] {
        let rows = try connection.prepare(
            """
            SELECT id, name, kind, first_seq, last_seq, pruned_seq, messages, bytes, last_event_time, last_receive_time
            FROM topics ORDER BY id
            """
        )
        let blocks = try connection.prepare(
            """
            SELECT \(BlockState.columns) FROM blocks WHERE topic_id = ? ORDER BY block DESC LIMIT 1
            """
        )
        var topics: [TopicState] = []
        while try rows.step() {
            guard let table = RowTable(rawValue: rows.integer(2)) else { continue }
            let topic = TopicState(id: rows.integer(0), name: rows.text(1), table: table)
            topic.firstSequence = rows.unsigned(3)
            topic.lastSequence = rows.unsigned(4)
            topic.prunedSequence = rows.unsigned(5)
            topic.messages = rows.integer(6)
            topic.bytes = rows.integer(7)
            topic.lastEventTime = rows.integer(8)
            topic.lastReceiveTime = rows.integer(9)
            blocks.bind(1, topic.id)
            if try blocks.step() {
                topic.block = BlockState(blocks)
                blocks.reset()
            }
            topics.append(topic)
        }
        return topics
    }

    func publishers() throws(RecordError) -> [String: UInt64] {
        let rows = try connection.prepare("SELECT id, number FROM publishers")
        var publishers: [String: UInt64] = [:]
        while try rows.step() { publishers[rows.text(0)] = rows.unsigned(1) }
        return publishers
    }

    func nextPosition() throws(RecordError) -> UInt64 {
        max(1, UInt64(bitPattern: try connection.integer("SELECT value FROM counters WHERE name = 'next_position'")))
    }
}
