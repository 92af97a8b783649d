import Testing
import WireProtocol

@testable import MarketRecord

/// What the reader returns, and what it says about what is not there.
@Suite struct ReaderTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A record with these bars; it is stopped again.
    private func record(_ appends: (MarketRecord) throws -> Void) throws {
        let record = try folder.open()
        try record.start()
        try appends(record)
        record.stop()
    }

    @Test func holesAndEndsAreNamed() throws {
        try record {
            #expect($0.appendBars(5...10) && $0.appendBars(13...20))
            #expect($0.appendBars(1...3, topic: "market.B.bar"))
        }
        let chunk = try folder.reader().read((Bars.topic, 1...25), ("market.B.bar", 2...3), ("market.C.bar", 4...5))
        func lost(_ topic: String, _ from: UInt64, _ to: UInt64) -> LostRange {
            LostRange(topic: topic, from: from, to: to, reason: .notRecorded)
        }
        #expect(chunk.messages.map(\.sequence) == Array(5...10) + Array(13...20) + [2, 3])
        #expect(
            Set(chunk.lost) == [
                lost(Bars.topic, 1, 4), lost(Bars.topic, 11, 12), lost(Bars.topic, 21, 25), lost("market.C.bar", 4, 5),
            ]
        )
        #expect(!chunk.more)
        #expect(try folder.reader().gaps(Bars.topic) == [lost(Bars.topic, 1, 4), lost(Bars.topic, 11, 12)])
    }

    @Test func aTopicThatIsNotRecordedSaysSo() throws {
        try record { #expect($0.appendBars(1...3)) }
        let chunk = try folder.reader { $0.mode = .topics(["market.B.bar"]) }.read(
            (Bars.topic, 2...5),
            ("market.B.bar", 1...1)
        )
        #expect(chunk.messages.map(\.sequence) == [2, 3])
        #expect(Set(chunk.lost.map(\.reason)) == [.recordOff, .notRecorded])
    }

    /// Whoever asks again from behind what came gets everything, once.
    @Test(arguments: [(1, Int.max), (7, .max), (1000, 300), (1000, 1)])
    func chunksAddUp(_ limit: Int, _ maxBytes: Int) throws {
        try record { record in
            for sequence in 1...60 as ClosedRange<UInt64> where sequence % 9 != 0 {
                #expect(
                    record.appendBars(sequence...sequence)
                        && record.appendBars(sequence * 2...sequence * 2, topic: "market.B.bar")
                )
            }
        }
        let reader = try folder.reader()
        let whole = try reader.read((Bars.topic, 1...70), ("market.B.bar", 1...70))
        var (next, pieces): ([String: UInt64], RecordChunk) = ([Bars.topic: 1, "market.B.bar": 1], RecordChunk())
        var isLast = false
        while !isLast {
            let ranges = next.map { RecordRange(topic: $0.key, from: $0.value, to: 70) }
            let chunk = try reader.messages(ranges, limit: limit, maxBytes: maxBytes, format: .binary)
            for message in chunk.messages { next[message.topic] = message.sequence + 1 }
            for lost in chunk.lost { next[lost.topic] = max(next[lost.topic] ?? 1, lost.to + 1) }
            #expect(chunk.messages.count <= limit)
            #expect(maxBytes > 1000 || chunk.messages.count <= max(1, maxBytes / 104))
            pieces.messages += chunk.messages
            pieces.lost += chunk.lost
            isLast = !chunk.more
        }
        #expect(pieces.messages == whole.messages)
        #expect(Set(pieces.lost) == Set(whole.lost) && pieces.lost.count == whole.lost.count)
    }

    @Test func emptyAndAbsurdRangesAreHarmless() throws {
        try record { #expect($0.appendBars(1...3)) }
        let reader = try folder.reader()
        let none = try reader.messages(
            [RecordRange(topic: Bars.topic, from: 3, to: 2), RecordRange(topic: Bars.topic, from: 0, to: 0)],
            limit: 10,
            maxBytes: 1000,
            format: .json
        )
        #expect(none == RecordChunk())
        let all = try reader.read((Bars.topic, 0...UInt64.max))
        #expect(all.messages.count == 3)
        #expect(all.lost == [LostRange(topic: Bars.topic, from: 4, to: .max, reason: .notRecorded)])
        let far = try reader.read((Bars.topic, (.max - 1)...UInt64.max))
        #expect(far.messages.isEmpty && far.lost.map(\.from) == [.max - 1])
        #expect(throws: RecordError.self) {
            let many = Array(repeating: RecordRange(topic: "x", from: 1, to: 1), count: RecordReader.maxRanges + 1)
            _ = try reader.messages(many, limit: 1, maxBytes: 1, format: .binary)
        }
        #expect(try reader.read(("no topic", 1...2), ("market..bar", 1...2)).lost.count == 2)
    }

    /// Whoever reads meanwhile sees what was committed so far, whole and in order.
    @Test func readingAndRecordingDoNotDisturbEachOther() async throws {
        let record = try folder.open { $0.batchMessages = 100 }
        try record.start()
        defer { record.stop() }
        let reader = try folder.reader()
        var seen = 0
        for round in 0..<20 as Range<UInt64> {
            for sequence in round * 50 + 1...round * 50 + 50 {
                #expect(record.appendBars(sequence...sequence))
                #expect(record.appendBars(sequence...sequence, topic: "market.B.bar"))
            }
            let messages = try reader.read((Bars.topic, 1...1000), ("market.B.bar", 1...1000)).messages
            #expect(messages.map(\.position) == (0..<messages.count).map { UInt64($0) + 1 })
            #expect(messages.count >= seen)
            seen = messages.count
        }
        try await record.flushed()
        #expect(try reader.read((Bars.topic, 1...1000), ("market.B.bar", 1...1000)).messages.count == 2000)
    }

    @Test func theLastMessagesOfEachTopic() throws {
        try record { record in
            #expect(
                record.appendBars(1...50) && record.appendBars(1...4, topic: "market.B.bar")
                    && record.appendBars(51...60)
            )
        }
        let reader = try folder.reader()
        let last = try reader.last(
            [Bars.topic: 12, "market.B.bar": 10, "market.C.bar": 3],
            maxBytes: .max,
            format: .binary
        )
        #expect(last.messages.map(\.sequence) == [49, 50, 1, 2, 3, 4] + Array(51...60))
        #expect(last.lost.isEmpty && !last.more)
        let before = try reader.last([Bars.topic: 3], before: [Bars.topic: 11], maxBytes: .max, format: .binary)
        #expect(before.messages.map(\.sequence) == [8, 9, 10])
        #expect(
            try reader.last([Bars.topic: 3], before: [Bars.topic: 0], maxBytes: .max, format: .binary).messages.isEmpty
        )
        #expect(
            try reader.last([Bars.topic: 3], before: [Bars.topic: .max], maxBytes: .max, format: .binary).messages.count
                == 3
        )
    }

    @Test func topicsSayWhatThereIs() throws {
        try record { #expect($0.appendBars(2...9) && $0.appendBars(1...1, topic: "market.A.bar")) }
        let topics = try folder.reader().topics()
        #expect(topics.map(\.name) == ["market.A.bar", Bars.topic])
        let topic = try #require(topics.last)
        #expect((topic.first, topic.last, topic.messages, topic.pruned) == (2, 9, 8, 0))
        #expect(topic.bytes == 8 * 104)
        #expect(topic.lastEventTime == Bars.eventTime(9) && topic.lastReceiveTime == Bars.receiveTime(9))
    }

    @Test func timesAreFound() throws {
        // More than two blocks; and one message that is late, one that is early.
        try record { record in
            for sequence in 1...10_000 as ClosedRange<UInt64> {
                var event = Bars.event(sequence)
                if sequence == 5000 { event.eventTime = Bars.eventTime(1) }
                if sequence == 6000 { event.eventTime = Bars.eventTime(9_999_999) }
                var body: [UInt8] = []
                BinaryCodec.encode(event, into: &body)
                while !record.append(Bars.topic, body, sequence: sequence) {}
            }
        }
        let reader = try folder.reader()
        func range(_ since: UInt64?, _ until: UInt64?, _ offset: Int64 = 0) throws -> [UInt64]? {
            let range = try reader.range(
                Bars.topic,
                since: since.map { Bars.eventTime($0) + offset },
                until: until.map { Bars.eventTime($0) + offset }
            )
            return range.map { [$0.from, $0.to] }
        }
        #expect(try range(nil, nil) == [1, 10_000])
        #expect(try range(4096, 8192) == [4096, 8192])
        #expect(try range(4000, 4999, 1) == [4001, 5000])
        #expect(try range(8193, nil) == [6000, 10_000])
        #expect(try range(nil, 1, -1) == nil)
        #expect(try range(10_001, nil) == [6000, 10_000])
        #expect(try range(10_000_000, nil) == nil)
        #expect(try reader.range("market.B.bar", since: nil, until: nil) == nil)
    }

    @Test func peopleReadItWithPlainSQL() async throws {
        let record = try folder.open()
        try record.start()
        #expect(record.appendBars(1...3))
        for sample in Sample.all.filter({ $0.topic.hasSuffix(".tick") || $0.topic.hasSuffix(".trade") }) {
            _ = record.append(sample.topic, sample.live, sequence: 7)
        }
        try await record.saved(
            CheckpointRecord(
                workerID: "sma",
                generation: 1,
                ordinal: 2,
                positions: [Bars.topic: 3],
                state: "{}",
                strategy: "SMA",
                reason: "stop",
                savedAt: 1_736_933_400_000_000_000
            )
        )
        record.stop()
        let connection = try folder.reader().connection
        func text(_ sql: String) throws -> String {
            let statement = try connection.prepare(sql)
            return try statement.step() ? statement.text(0) : "none"
        }
        #expect(
            try text("SELECT topic || ' ' || time || ' ' || close FROM bars_readable LIMIT 1")
                == "\(Bars.topic) 2025-01-15T09:31:00.000000Z 1.0"
        )
        #expect(
            try text(
                "SELECT first_seq || ' ' || last_seq || ' ' || messages || ' ' || \"table\" FROM recorded_topics WHERE topic = '\(Bars.topic)'"
            ) == "1 3 3 bars"
        )
        #expect(
            try text(
                "SELECT worker || ' ' || saved || ' ' || json_extract(positions, '$.\"\(Bars.topic)\"') FROM checkpoints_readable"
            ) == "sma 2025-01-15T09:30:00.000000Z 3"
        )
        #expect(try connection.integer("SELECT count(*) FROM ticks_readable") == 2)
        #expect(
            try connection.integer("SELECT count(*) FROM messages_readable WHERE json_extract(data, '$.price') > 0")
                == 2
        )
    }

    @Test func rowsForAnExport() throws {
        try record {
            #expect($0.appendBars(1...3))
            let text =
                #"{"msg_type":"market_data","payload":{"source":"desk","timestamp":5,"data":{"headline":"x","n":1}}}"#
            #expect($0.append("market.X.news", Array(text.utf8), sequence: 1))
        }
        let reader = try folder.reader()
        let bars = try reader.rows(RecordRange(topic: Bars.topic, from: 2, to: .max), limit: 10)
        #expect(bars.map(\.sequence) == [2, 3])
        #expect(bars.first?.content == .columns(Bars.event(2).payload, extra: nil))
        let news = try reader.rows(RecordRange(topic: "market.X.news", from: 1, to: 9), limit: 10)
        #expect(news.map(\.content) == [.json(#"{"headline":"x","n":1}"#)])
        #expect(news.map(\.source) == ["desk"] && news.map(\.eventTime) == [5_000_000_000])
        // A data type without a fixed meaning is JSON in either format.
        for format in [RecordFormat.binary, .json] {
            let body = try #require(reader.read(("market.X.news", 1...1), format: format).messages.first?.body)
            let value = try JSONValue(body)
            #expect(value["seq"] == 1 && value["payload"]?["data"] == ["headline": "x", "n": 1])
            #expect(value["payload"]?["data_type"] == "news" && value["payload"]?["source"] == "desk")
        }
    }
}
