internal import CLinux
internal import WireProtocol

/// The database, as the one who writes to it sees it. Used by one thread at a time.
final class RecordStore {
    let connection: Connection
    private(set) var topics = TopicIndex()
    private var rows: RowWriter
    let statements: StoreStatements
    /// Publisher to the last of its numbers that is in the database or in the transaction.
    private(set) var publishers: [String: UInt64] = [:]
    private var publisher: [UInt8] = []
    private var publisherNumber: UInt64 = 0
    /// The publishers of this transaction.
    private var advanced: [String: UInt64] = [:]
    /// The position that the next message gets, by what is in the database or in the transaction.
    private(set) var nextPosition: UInt64 = 1
    /// Whether a transaction was taken back, so that what is known here is ahead of the database.
    private var isStale = false

    /// The most publishers that are remembered; beyond, those are forgotten that have been silent for the longest time.
    private static let maxPublishers = 10_000

    /// How a message fared.
    enum Outcome {
        case written
        /// It is in the database already.
        case repeated
        /// Its topic or its body cannot be read.
        case unreadable
    }

    /// Opens the file, or makes it (mode 0600).
    init(path: String, busyTimeout: Duration) throws(RecordError) {
        try RecordFile.create(path)
        connection = try Connection(path: path, readOnly: false, busyTimeout: busyTimeout)
        try RecordSchema.checkOwnership(connection)
        try RecordFile.setUp(connection)
        try RecordSchema.migrate(connection)
        rows = try RowWriter(connection)
        statements = try StoreStatements(connection)
        try load()
    }

    /// Topic to its last sequence.
    var lastSequences: [String: UInt64] {
        Dictionary(uniqueKeysWithValues: topics.all.map { ($0.name, $0.lastSequence) })
    }

    // MARK: One transaction

    func begin() throws(RecordError) {
        if isStale {
            try load()
            isStale = false
        }
        try connection.execute("BEGIN IMMEDIATE")
    }

    /// Writes a message into the transaction.
    func write(_ entry: IntakeEntry) throws(RecordError) -> Outcome {
        nextPosition = max(nextPosition, entry.position + 1)
        if entry.number > 0 { note(entry.publisher, entry.number) }
        guard let topic = try topic(entry.topic) else { return .unreadable }
        guard entry.sequence > topic.lastSequence else { return .repeated }
        let kind = topic.table == .messages ? DataKind(topicName: topic.name) : topic.table.kind
        guard let eventTime = try write(entry, kind, topic.id) else { return .unreadable }
        if entry.sequence > topic.lastSequence + 1 {
            try statements.addGap(topic.id, topic.lastSequence + 1, entry.sequence - 1)
        }
        let block = entry.sequence / RecordSchema.blockLength
        if let old = topic.block, old.number != block {
            try statements.save(old, topicID: topic.id)
            topic.block = nil
        }
        topic.block = topic.block ?? BlockState(number: block)
        topic.block?.add(eventTime: eventTime, receiveTime: entry.receiveTime, bytes: entry.body.count)
        if topic.messages == 0 { topic.firstSequence = entry.sequence }
        topic.lastSequence = entry.sequence
        topic.messages += 1
        topic.bytes += Int64(entry.body.count)
        topic.lastEventTime = eventTime
        topic.lastReceiveTime = entry.receiveTime
        topic.isDirty = true
        return .written
    }

    private func write(_ entry: IntakeEntry, _ kind: DataKind?, _ topicID: Int64) throws(RecordError) -> Int64? {
        do throws(RecordError) {
            return try rows.write(entry, kind: kind, topicID: topicID)
        } catch {
            // Trying it again would end in the same way.
            guard error.code == .refused else { throw error }
            return nil
        }
    }

    func save(_ checkpoint: CheckpointRecord, overwriting: Bool) throws(RecordError) {
        try statements.save(checkpoint, overwriting: overwriting)
    }

    func deleteCheckpoint(of workerID: String) throws(RecordError) {
        try statements.deleteCheckpoint(workerID)
    }

    /// Writes what has been summed up: a message that was just written makes its block young.
    func saveSums() throws(RecordError) {
        for topic in topics.all where topic.isDirty {
            try statements.save(topic)
            if let block = topic.block { try statements.save(block, topicID: topic.id) }
        }
    }

    /// Ends the transaction; then everything in it is on disk.
    ///
    /// - Returns: The publishers that were in it, with their last numbers.
    func commit() throws(RecordError) -> [String: UInt64] {
        try saveSums()
        settlePublisher()
        let now = qc_realtime_ns()
        for (id, number) in advanced { try statements.savePublisher(id, number, now) }
        if publishers.count > Self.maxPublishers {
            try statements.forgetPublishers(publishers.count - Self.maxPublishers)
            publishers = try statements.publishers()
        }
        try statements.savePosition(nextPosition)
        try connection.execute("COMMIT")
        for topic in topics.all { topic.isDirty = false }
        defer { advanced.removeAll() }
        return advanced
    }

    /// Takes the transaction back.
    func rollback() {
        connection.rollback()
        isStale = true
    }

    // MARK: Topics and publishers

    private func topic(_ name: UnsafeRawBufferPointer) throws(RecordError) -> TopicState? {
        if let known = topics.find(name) { return known }
        guard let topic = try? Topic(parsing: name) else { return nil }
        let table = RowTable(topic.kind)
        let id = try statements.addTopic(topic.description, table)
        let state = TopicState(id: id, name: topic.description, table: table)
        topics.add(state)
        return state
    }

    private func note(_ id: UnsafeRawBufferPointer, _ number: UInt64) {
        if !publisher.elementsEqual(id) {
            settlePublisher()
            publisher.removeAll(keepingCapacity: true)
            publisher.append(contentsOf: id)
        }
        publisherNumber = max(publisherNumber, number)
    }

    /// Puts the current publisher's number with the others.
    private func settlePublisher() {
        guard publisherNumber > 0 else { return }
        let id = String(decoding: publisher, as: UTF8.self)
        if publisherNumber > publishers[id] ?? 0 {
            publishers[id] = publisherNumber
            advanced[id] = publisherNumber
        }
        publisherNumber = 0
    }

    /// Learns what is in the database.
    private func load() throws(RecordError) {
        topics = TopicIndex()
        for topic in try statements.topics() { topics.add(topic) }
        publishers = try statements.publishers()
        nextPosition = try statements.nextPosition()
        advanced.removeAll()
        publisherNumber = 0
        publisher.removeAll()
    }
}

extension RowTable {
    /// The kind of data, where the table holds one only.
    fileprivate var kind: DataKind? {
        switch self {
        case .bars: .bar
        case .ticks: .tick
        case .messages: nil
        }
    }
}

extension DataKind {
    /// The kind of a topic by its whole name.
    init?(topicName: String) {
        guard let dot = topicName.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        self.init(dataType: topicName[topicName.utf8.index(after: dot)...])
    }
}
