import Testing

@testable import MarketRecord

/// From the ring to the disk: order, publishers, checkpoints, a second life.
@Suite struct RecorderTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func messagesComeBackInTheOrderOfArrival() async throws {
        let record = try folder.open()
        try record.start()
        defer { record.stop() }
        let topics = ["market.A.bar", "market.B.bar", "market.C.bar"]
        for sequence in 1...500 as ClosedRange<UInt64> {
            for topic in topics { #expect(record.appendBars(sequence...sequence, topic: topic)) }
        }
        try await record.flushed()
        let chunk = try folder.reader().read(
            ("market.C.bar", 1...500),
            ("market.A.bar", 100...400),
            ("market.B.bar", 1...500)
        )
        #expect(chunk.messages.count == 1301)
        #expect(chunk.messages.map(\.position) == chunk.messages.map(\.position).sorted())
        #expect(
            chunk.messages.prefix(4).map(\.topic) == ["market.B.bar", "market.C.bar", "market.B.bar", "market.C.bar"]
        )
        for message in chunk.messages {
            #expect(message.event == Bars.event(message.sequence))
            let place = try #require(topics.firstIndex(of: message.topic))
            #expect(message.position == (message.sequence - 1) * 3 + UInt64(place) + 1)
        }
        #expect(record.statistics.recorded == 1500 && record.statistics.pendingBytes == 0)
        #expect(record.statistics.pendingMessages == 0 && record.statistics.fileBytes > 0)
    }

    @Test func publishersAreToldWhatIsOnDisk() async throws {
        let record = try folder.open()
        let told = Log<[String: UInt64]>()
        try record.start(RecordEvents(onRecorded: { told.add($0) }))
        #expect(record.appendBars(1...10, publisher: "files"))
        #expect(record.append("market.X.bar", Bars.body(1), sequence: 1, publisher: "other", number: 70))
        #expect(record.append("market.X.bar", Bars.body(2), sequence: 2))
        try await record.flushed()
        record.stop()
        let last = told.elements.reduce(into: [:]) { $0.merge($1) { $1 } }
        #expect(last == ["files": 10, "other": 70])
        let again = try folder.open()
        #expect(again.publishers == ["files": 10, "other": 70])
        #expect(again.recovered == [Bars.topic: 10, "market.X.bar": 2])
        #expect(again.isSameBoot)
    }

    /// Nobody flushes: each message alone has to wake the recorder, whatever it is at just then.
    @Test func eachMessageWakesTheRecorder() async throws {
        let record = try folder.open()
        let told = Log<[String: UInt64]>()
        try record.start(RecordEvents(onRecorded: { told.add($0) }))
        defer { record.stop() }
        for number in 1...300 as ClosedRange<UInt64> {
            #expect(record.appendBars(number...number, publisher: "files"))
            await told.wait(for: Int(number))
            #expect(told.elements.last == ["files": number])
        }
    }

    @Test func whereNothingIsRecordedCheckpointsAreKept() async throws {
        let record = try folder.open { $0.mode = .off }
        #expect(record.statistics.ringBytes == RecordConfiguration.ringBytesRange.lowerBound)
        #expect(!record.wants(Bars.topic))
        try record.start()
        defer { record.stop() }
        try await record.saved(Self.checkpoint(ordinal: 1))
        #expect(try record.checkpoint(of: "sma") == Self.checkpoint(ordinal: 1))
    }

    @Test func aSecondLifeGoesOnBehindTheFirst() async throws {
        for life in 0..<3 as Range<UInt64> {
            let record = try folder.open()
            #expect(record.recovered[Bars.topic] == (life == 0 ? nil : life * 100))
            try record.start()
            #expect(record.appendBars(life * 100 + 1...life * 100 + 100))
            record.stop()
            #expect(record.statistics.recorded == 100)
        }
        let messages = try folder.reader().read((Bars.topic, 1...300)).messages
        #expect(messages.map(\.sequence) == Array(1...300))
        #expect(messages.map(\.position) == Array(1...300))
    }

    @Test func whatWasAppendedAndNotRecordedIsRecordedByTheNextLife() throws {
        // Never started: as if the process had died before its recorder came to anything.
        do {
            let record = try folder.open()
            #expect(record.appendBars(1...1000, publisher: "files"))
        }
        let record = try folder.open()
        #expect(record.recovered == [Bars.topic: 1000])
        #expect(record.publishers == ["files": 1000])
        #expect(record.statistics.recorded == 1000)
        #expect(try folder.reader().read((Bars.topic, 1...1000)).messages.count == 1000)
    }

    @Test func aMessageThatIsThereAlreadyIsNotWrittenTwice() async throws {
        do {
            let record = try folder.open()
            #expect(record.appendBars(1...100))
            let ring = try folder.read("intake.ring")
            try folder.write(ring, to: "kept.ring")
        }
        do {
            _ = try folder.open()
        }
        // As if the process had died between the commit and the release of the ring.
        try folder.write(folder.read("kept.ring"), to: "intake.ring")
        let record = try folder.open()
        #expect(record.statistics.recorded == 0 && record.statistics.repeated == 100)
        try record.start()
        defer { record.stop() }
        #expect(record.appendBars(101...101))
        try await record.flushed()
        let messages = try folder.reader().read((Bars.topic, 1...200)).messages
        #expect(messages.map(\.sequence) == Array(1...101))
        #expect(messages.map(\.position) == Array(1...101))
    }

    @Test func aFullRingTurnsAwayAndSaysWhenThereIsRoom() async throws {
        let record = try folder.open { $0.ringBytes = 64 << 10 }
        var sequence: UInt64 = 0
        while record.appendBars(sequence + 1...sequence + 1) { sequence += 1 }
        #expect(sequence > 300)
        #expect(record.statistics.pendingMessages == sequence)
        let room = Log<Void>()
        try record.start(RecordEvents(onRoom: { room.add(()) }))
        defer { record.stop() }
        await room.wait(for: 1)
        #expect(record.appendBars(sequence + 1...sequence + 1))
        try await record.flushed()
        #expect(try folder.reader().read((Bars.topic, 1...sequence + 1)).messages.count == Int(sequence + 1))
    }

    @Test func manyLapsOfTheRingLoseNothing() async throws {
        let record = try folder.open { $0.ringBytes = 64 << 10 }
        let room = Log<Void>()
        try record.start(RecordEvents(onRoom: { room.add(()) }))
        defer { record.stop() }
        var (sequence, waits): (UInt64, Int) = (0, 0)
        while sequence < 5000 {
            if record.appendBars(sequence + 1...sequence + 1) {
                sequence += 1
            } else {
                waits += 1
                await room.wait(for: waits)
            }
        }
        try await record.flushed()
        let messages = try folder.reader().read((Bars.topic, 1...5000)).messages
        #expect(messages.map(\.event) == (1...5000).map { Bars.event($0) })
    }

    @Test func aMessageThatIsTooLargeIsCounted() async throws {
        let record = try folder.open { $0.ringBytes = 64 << 10 }
        try record.start()
        defer { record.stop() }
        #expect(record.appendBars(1...1))
        let body = [UInt8](repeating: 0x20, count: record.maxMessageBytes)
        #expect(record.append(Bars.topic, body, sequence: 2))
        #expect(record.statistics.tooLarge == 1)
        #expect(record.appendBars(3...3))
        try await record.flushed()
        let chunk = try folder.reader().read((Bars.topic, 1...3))
        #expect(chunk.messages.map(\.sequence) == [1, 3])
        #expect(chunk.lost == [LostRange(topic: Bars.topic, from: 2, to: 2, reason: .notRecorded)])
    }

    @Test func whatCannotBeReadIsCountedAndLeavesAGap() async throws {
        let record = try folder.open()
        try record.start()
        defer { record.stop() }
        #expect(record.appendBars(1...1))
        #expect(record.append(Bars.topic, [0x51, 1, 2, 3], sequence: 2))
        #expect(record.append(Bars.topic, Array("{\"msg_type\":1}".utf8), sequence: 3))
        #expect(record.append("nonsense", Bars.body(1), sequence: 1))
        #expect(record.appendBars(4...4))
        try await record.flushed()
        #expect(record.statistics.unreadable == 3)
        let reader = try folder.reader()
        #expect(try reader.read((Bars.topic, 1...4)).messages.map(\.sequence) == [1, 4])
        #expect(try reader.gaps(Bars.topic) == [LostRange(topic: Bars.topic, from: 2, to: 3, reason: .notRecorded)])
    }

    // MARK: Checkpoints

    @Test func aCheckpointIsNeverAheadOfTheRecord() async throws {
        let record = try folder.open { $0.batchMessages = 7 }
        #expect(record.appendBars(1...100))
        let seen = Log<Int>()
        let reader = try folder.reader()
        record.save(Self.checkpoint(ordinal: 1, last: 100)) { _ in seen.add(0) }
        try record.start()
        await seen.wait(for: 1)
        #expect(try reader.read((Bars.topic, 1...100)).messages.count == 100)
        #expect(try record.checkpoint(of: "sma") == Self.checkpoint(ordinal: 1, last: 100))
        record.stop()
        #expect(try folder.open().checkpoints() == [Self.checkpoint(ordinal: 1, last: 100)])
    }

    @Test func anEarlierCheckpointDoesNotReplaceALaterOne() async throws {
        let record = try folder.open()
        try record.start()
        defer { record.stop() }
        try await record.saved(Self.checkpoint(generation: 2, ordinal: 5))
        try await record.saved(Self.checkpoint(generation: 2, ordinal: 4))
        try await record.saved(Self.checkpoint(generation: 1, ordinal: 9))
        #expect(try record.checkpoint(of: "sma") == Self.checkpoint(generation: 2, ordinal: 5))
        try await record.saved(Self.checkpoint(generation: 3, ordinal: 1))
        #expect(try record.checkpoint(of: "sma") == Self.checkpoint(generation: 3, ordinal: 1))
        try await record.saved(Self.checkpoint(generation: 1, ordinal: 1), overwriting: true)
        #expect(try record.checkpoint(of: "sma") == Self.checkpoint(generation: 1, ordinal: 1))
        try await withCheckedContinuation { done in
            record.deleteCheckpoint(of: "sma") { done.resume(returning: $0) }
        }.get()
        #expect(try record.checkpoint(of: "sma") == nil)
    }

    @Test func aStateThatIsTooLargeIsRefused() async throws {
        let record = try folder.open()
        try record.start()
        defer { record.stop() }
        var checkpoint = Self.checkpoint(ordinal: 1)
        checkpoint.state = String(repeating: "1", count: CheckpointRecord.maxStateBytes + 1)
        await #expect(throws: RecordError.self) { try await record.saved(checkpoint) }
        #expect(try record.checkpoint(of: "sma") == nil)
    }

    @Test func afterTheEndEveryoneIsAnswered() async throws {
        let record = try folder.open()
        try record.start()
        record.stop()
        record.stop()
        await #expect(throws: RecordError.self) { try await record.flushed() }
        await #expect(throws: RecordError.self) { try await record.saved(Self.checkpoint(ordinal: 1)) }
    }

    private static func checkpoint(generation: UInt64 = 1, ordinal: UInt64, last: UInt64 = 0) -> CheckpointRecord {
        CheckpointRecord(
            workerID: "sma",
            generation: generation,
            ordinal: ordinal,
            positions: [Bars.topic: last, "market.Ü\"X.tick": 1 << 62],
            state: #"{"average":0.1}"#,
            strategy: "SMACross",
            reason: "interval",
            savedAt: 5
        )
    }
}
