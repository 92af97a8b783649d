internal import WireProtocol

/// What the broker keeps of one topic.
struct TopicEntry {
    let topic: Topic
    let kind: DataKind?
    var received: UInt64 = 0
    var refused: UInt64 = 0
    var published: UInt64 = 0
    /// Event time of the last message, nanoseconds since the Unix epoch.
    var lastEventTime: Int64 = 0
    /// When the last message was taken, nanoseconds since the Unix epoch.
    var lastReceiveTime: Int64 = 0
    /// Whether its messages go into the record.
    var isRecorded = false
    /// Messages that went into the record, and those that should have and found no room.
    var recorded: UInt64 = 0
    var unrecorded: UInt64 = 0
    var order = EventOrder()
}

/// Finds a topic by the bytes of its frame, without making a string of them.
struct TopicTable: ~Copyable {
    /// What a message is about.
    enum Subject {
        /// The index of a topic that is known.
        case known(Int)
        /// A topic that keeps the rules, and has had no good message yet.
        case new(Topic)
    }

    private(set) var entries: [TopicEntry] = []
    private var ledger: TopicLedger
    private let maxTopics: Int
    private let wantsRecord: (String) -> Bool
    /// Open addressing: an index into ``entries``, or -1. A power of two, at most half full.
    private var slots = [Int32](repeating: -1, count: 64)

    /// Takes over the topics that the ledger has.
    ///
    /// - Parameters:
    ///   - ledger: The sequences.
    ///   - maxTopics: How many topics there may be.
    ///   - wantsRecord: Whether a topic's messages are to be recorded; asked once for each.
    init(
        ledger: consuming TopicLedger,
        maxTopics: Int,
        wantsRecord: @escaping (String) -> Bool = { _ in false }
    ) throws(BrokerError) {
        self.ledger = ledger
        self.maxTopics = maxTopics
        self.wantsRecord = wantsRecord
        for index in 0..<self.ledger.count {
            let bytes = self.ledger.topic(index)
            do {
                let topic = try Topic(parsing: bytes)
                enter(TopicEntry(topic: topic, kind: topic.kind), hash: Self.hash(bytes))
            } catch {
                throw BrokerError("the sequence ledger is damaged at entry \(index): \(error)")
            }
        }
    }

    /// The index of a topic that is known.
    func find(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var slot = Int(truncatingIfNeeded: Self.hash(bytes)) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            let known = ledger.topic(index)
            if known.count == bytes.count, known.elementsEqual(bytes) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// What a topic frame names; nothing is kept of it yet.
    ///
    /// - Throws: ``ProtocolError`` when it breaks the rules.
    func subject(of bytes: UnsafeRawBufferPointer) throws(ProtocolError) -> Subject {
        if let index = find(bytes) { return .known(index) }
        return .new(try Topic(parsing: bytes))
    }

    /// The index of a message's topic, which gets an entry of the ledger where it is new. It has that for good, so only a message
    /// that passes may do this.
    ///
    /// - Throws: ``ProtocolError`` when there are too many.
    mutating func admit(_ subject: Subject) throws(ProtocolError) -> Int {
        switch subject {
        case .known(let index): return index
        case .new(let topic):
            let bytes = Array(topic.description.utf8)
            guard entries.count < maxTopics, bytes.withUnsafeBytes({ ledger.add($0) }) != nil else {
                throw ProtocolError("more than \(maxTopics) topics; 'broker.max_topics' allows no more")
            }
            let hash = bytes.withUnsafeBytes(Self.hash)
            enter(TopicEntry(topic: topic, kind: topic.kind, received: 1), hash: hash)
            return entries.count - 1
        }
    }

    /// Counts a message that has come in. The first good one of a new topic is counted when it is admitted.
    mutating func countReceived(_ subject: Subject) {
        if case .known(let index) = subject { entries[index].received += 1 }
    }

    func topic(of subject: Subject) -> Topic {
        switch subject {
        case .known(let index): entries[index].topic
        case .new(let topic): topic
        }
    }

    func kind(of subject: Subject) -> DataKind? {
        switch subject {
        case .known(let index): entries[index].kind
        case .new(let topic): topic.kind
        }
    }

    /// What is kept of a topic, to change it.
    subscript(_ index: Int) -> TopicEntry {
        get { entries[index] }
        _modify { yield &entries[index] }
    }

    /// Changes what is kept of a topic.
    mutating func update(_ index: Int, _ change: (inout TopicEntry) -> Void) {
        change(&entries[index])
    }

    /// The last sequence of a topic.
    func sequence(_ index: Int) -> UInt64 { ledger.sequence(index) }

    /// Keeps the sequence of a message that has been taken.
    mutating func set(_ index: Int, _ sequence: UInt64, isRecorded: Bool) {
        ledger.set(index, sequence, isRecorded: isRecorded)
    }

    /// The topic's name as bytes, which stay where they are.
    func name(_ index: Int) -> UnsafeRawBufferPointer { ledger.topic(index) }

    private mutating func enter(_ entry: TopicEntry, hash: UInt64) {
        var entry = entry
        entry.isRecorded = wantsRecord(entry.topic.description)
        entries.append(entry)
        if entries.count * 2 > slots.count {
            slots = [Int32](repeating: -1, count: slots.count * 2)
            for index in entries.indices { place(index, hash: Self.hash(ledger.topic(index))) }
        } else {
            place(entries.count - 1, hash: hash)
        }
    }

    private mutating func place(_ index: Int, hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(index)
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo), folded so that the low bits depend on all of it.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash ^ (hash >> 32)
    }
}
