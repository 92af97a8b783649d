import CLinux
import Testing

@testable import MarketRecord

/// What is dropped, and that it is known to have been dropped.
@Suite struct RetentionTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Appends bars that were received `age` ago.
    private func append(
        _ range: ClosedRange<UInt64>,
        age: Duration,
        to record: MarketRecord,
        topic: String = Bars.topic
    ) {
        let time = qc_realtime_ns() - Int64(age / .nanoseconds(1))
        for sequence in range {
            while !record.append(topic, Bars.body(sequence), sequence: sequence, receiveTime: time) {}
        }
    }

    private func prune(_ record: MarketRecord, _ topic: String, through sequence: UInt64) async throws -> UInt64 {
        try await withCheckedContinuation { done in
            record.prune(topic, through: sequence) { done.resume(returning: $0) }
        }.get()
    }

    /// That all sums say what the rows say.
    private func expectSumsToAgree(_ comment: Comment) throws {
        let connection = try folder.reader().connection
        let counts = try connection.integer("SELECT (SELECT sum(messages) FROM topics) - (SELECT count(*) FROM bars)")
        let blocks = try connection.integer(
            "SELECT (SELECT sum(messages) FROM topics) - ifnull((SELECT sum(messages) FROM blocks), 0)"
        )
        let bytes = try connection.integer(
            "SELECT (SELECT sum(bytes) FROM topics) - ifnull((SELECT sum(bytes) FROM blocks), 0)"
        )
        let perBlock = try connection.integer(
            "SELECT count(*) FROM blocks b WHERE messages <> (SELECT count(*) FROM bars WHERE topic_id = b.topic_id AND seq / 4096 = block)"
        )
        #expect([counts, blocks, bytes, perBlock] == [0, 0, 0, 0], comment)
    }

    @Test func byAge() async throws {
        do {
            let record = try folder.open { $0.ringBytes = 4 << 20 }
            try record.start()
            append(1...9000, age: .seconds(7200), to: record)
            append(9001...9010, age: .seconds(10), to: record)
            append(1...5, age: .seconds(7200), to: record, topic: "market.B.bar")
            record.stop()
        }
        try expectSumsToAgree("before")
        let record = try folder.open { $0.maxAge = .seconds(3600) }
        try record.start()
        // One life of the recorder looks at least once, before its first sleep; a job behind that waits for it.
        _ = try await prune(record, "market.none.bar", through: 1)
        try await record.untilIdle()
        record.stop()
        // By whole blocks: the block that has the young ones stays whole.
        let reader = try folder.reader()
        let topic = try #require(try reader.topic(Bars.topic))
        #expect(topic.first == 8192 && topic.pruned == 8191 && topic.last == 9010 && topic.messages == 819)
        let chunk = try reader.read((Bars.topic, 8000...8193), ("market.B.bar", 1...9))
        #expect(chunk.messages.map(\.sequence) == [8192, 8193])
        #expect(
            Set(chunk.lost) == [
                LostRange(topic: Bars.topic, from: 8000, to: 8191, reason: .pruned),
                LostRange(topic: "market.B.bar", from: 1, to: 5, reason: .pruned),
                LostRange(topic: "market.B.bar", from: 6, to: 9, reason: .notRecorded),
            ]
        )
        let other = try #require(try reader.topic("market.B.bar"))
        #expect(other.messages == 0 && other.last == 5 && other.first == 0)
        try expectSumsToAgree("after")
        // What was dropped is no reason to give a number twice.
        #expect(try folder.open().recovered == [Bars.topic: 9010, "market.B.bar": 5])
    }

    /// The new message and the dropping of the old ones fall into one transaction.
    @Test func aTopicThatComesBackKeepsItsNewMessage() async throws {
        do {
            let record = try folder.open()
            try record.start()
            append(1...5, age: .seconds(7200), to: record)
            record.stop()
        }
        let record = try folder.open { $0.maxAge = .seconds(3600) }
        append(6...6, age: .zero, to: record)
        try record.start()
        try await record.untilIdle()
        record.stop()
        // The old ones are in the same block, which is young again.
        #expect(try folder.reader().read((Bars.topic, 1...6)).messages.map(\.sequence) == Array(1...6))
    }

    @Test func bySize() async throws {
        let limit = RecordConfiguration.smallestMaxBytes
        do {
            let record = try folder.open { $0.ringBytes = 8 << 20 }
            try record.start()
            append(1...40_000, age: .zero, to: record)
            append(1...10, age: .seconds(60), to: record, topic: "market.B.bar")
            record.stop()
        }
        let before = try folder.reader().connection.integer("PRAGMA page_count") * 4096
        #expect(before > 2 * limit)
        let record = try folder.open { $0.maxBytes = limit }
        try record.start()
        _ = try await prune(record, "market.none.bar", through: 1)
        try await record.untilIdle()
        record.stop()
        let reader = try folder.reader()
        let topic = try #require(try reader.topic(Bars.topic))
        #expect(topic.last == 40_000 && topic.first > 10_000 && topic.first < 40_000)
        #expect(topic.messages == 40_000 - topic.first + 1)
        #expect(record.statistics.pruned == topic.first - 1 + 10)
        // The oldest of all topics goes first.
        #expect(try reader.topic("market.B.bar")?.messages == 0)
        // The disk gets its pages back, all but a few that are soon written to again.
        #expect(try reader.connection.integer("PRAGMA page_count") * 4096 < Int64(limit) + (2 << 20))
        try expectSumsToAgree("after")
    }

    @Test func byHand() async throws {
        let record = try folder.open { $0.ringBytes = 4 << 20 }
        try record.start()
        defer { record.stop() }
        append(1...10, age: .zero, to: record)
        append(21...5000, age: .zero, to: record)
        try await record.flushed()
        #expect(try await prune(record, Bars.topic, through: 15) == 10)
        let reader = try folder.reader()
        #expect(try reader.topic(Bars.topic)?.first == 21)
        #expect(
            try reader.gaps(Bars.topic) == [
                LostRange(topic: Bars.topic, from: 1, to: 15, reason: .pruned),
                LostRange(topic: Bars.topic, from: 16, to: 20, reason: .notRecorded),
            ]
        )
        #expect(try await prune(record, Bars.topic, through: 15) == 0)
        #expect(try await prune(record, Bars.topic, through: 4500) == 4480)
        #expect(try reader.read((Bars.topic, 4400...4600)).messages.first?.sequence == 4501)
        try expectSumsToAgree("in part")
        #expect(try await prune(record, Bars.topic, through: .max) == 500)
        #expect(try reader.topic(Bars.topic)?.messages == 0)
        try expectSumsToAgree("all")
        // It goes on where it was, in the same block.
        append(5001...5010, age: .zero, to: record)
        try await record.flushed()
        let topic = try #require(try reader.topic(Bars.topic))
        #expect((topic.first, topic.last, topic.messages, topic.pruned) == (5001, 5010, 10, 5000))
        #expect(try reader.range(Bars.topic, since: nil, until: nil)?.from == 5001)
        try expectSumsToAgree("again")
        #expect(try await prune(record, "market.none.bar", through: 1) == 0)
    }
}

extension MarketRecord {
    /// Returns when the recorder has nothing left to do but wait.
    fileprivate func untilIdle() async throws {
        var last: UInt64?
        // Each flush is answered by a pass of its own, behind the dropping of the pass before.
        while last != statistics.pruned {
            last = statistics.pruned
            try await flushed()
            _ = try await withCheckedContinuation { done in prune("", through: 0) { done.resume(returning: $0) } }.get()
        }
    }
}
