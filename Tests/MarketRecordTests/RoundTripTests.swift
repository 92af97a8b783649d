import Testing
import WireProtocol

@testable import MarketRecord

/// What was published comes back as what a worker sees of it.
@Suite struct RoundTripTests {
    private static let carefulNumbers: [Double] = [
        0.1, 1 / 3, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 9_007_199_254_740_992, 42, -273.15,
        0.1 + 0.2,
    ]

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(arguments: Sample.all, [RecordFormat.binary, .json])
    func aReplayedBodyIsTheLiveOneToAWorker(_ sample: Sample, _ format: RecordFormat) async throws {
        let record = try folder.open()
        try record.start()
        defer { record.stop() }
        #expect(record.append(sample.topic, sample.live, sequence: 7, receiveTime: Sample.receiveTime))
        try await record.flushed()
        #expect(record.statistics.recorded == 1)
        let chunk = try folder.reader().read((sample.topic, 7...7), format: format)
        #expect(chunk.lost.isEmpty && !chunk.more)
        let message = try #require(chunk.messages.first)
        #expect(chunk.messages.count == 1 && message.sequence == 7 && message.position == 1)
        let kind = try #require(DataKind(topicName: sample.topic))
        #expect((message.body.first == BinaryLayout.magic) == (format == .binary || sample.isBinaryOnly))
        let live = try sample.live.withUnsafeBytes { try MarketEvent(parsing: $0, kind: kind) }
        var replayed = try message.body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: kind) }
        if format == .json, sample.isBinary {
            // JSON has times to the microsecond.
            #expect(abs(replayed.eventTime - live.eventTime) < 1000)
            replayed.eventTime = live.eventTime
            replayed.payload = replayed.payload.with(openTimeOf: live.payload)
        }
        #expect(replayed == live)
        if !sample.isBinary, format == .json {
            #expect(try JSONValue.data(of: message.body) == JSONValue.data(of: sample.live))
            #expect(try JSONValue.source(of: message.body) == JSONValue.source(of: sample.live))
        }
    }

    /// Numbers that lose bits on careless ways.
    @Test(arguments: carefulNumbers)
    func numbersKeepEveryBit(_ number: Double) async throws {
        let record = try folder.open()
        try record.start()
        defer { record.stop() }
        var (bar, tick): ([UInt8], [UInt8]) = ([], [])
        let prices = BarData(open: number, high: number, low: number, close: number, volume: number, turnover: number)
        BinaryCodec.encode(MarketEvent(eventTime: 1, payload: .bar(prices)), into: &bar)
        BinaryCodec.encode(MarketEvent(eventTime: 1, payload: .tick(TickData(price: number, bid: number))), into: &tick)
        #expect(record.append("market.X.bar", bar, sequence: 1) && record.append("market.X.tick", tick, sequence: 1))
        try await record.flushed()
        let messages = try folder.reader().read(("market.X.bar", 1...1), ("market.X.tick", 1...1)).messages
        guard case .bar(let readBar) = messages.first?.event?.payload,
            case .tick(let readTick) = messages.last?.event?.payload
        else {
            Issue.record("not a bar and a tick")
            return
        }
        let read = [
            readBar.open, readBar.high, readBar.low, readBar.close, readBar.volume, readBar.turnover, readTick.price,
        ]
        #expect(read.allSatisfy { $0.bitPattern == number.bitPattern })
        #expect(readTick.bid?.bitPattern == number.bitPattern)
    }
}

extension JSONValue {
    init(_ body: [UInt8]) throws {
        self = try body.withUnsafeBytes { try JSONValue(parsing: $0) }
    }

    static func source(of body: [UInt8]) throws -> String? {
        try JSONValue(body)["payload"]?["source"]?.stringValue
    }

    /// The data object with numbers as doubles and without what is null.
    static func data(of body: [UInt8]) throws -> [String: JSONValue] {
        let members = try JSONValue(body)["payload"]?["data"]?.objectValue ?? [:]
        return members.filter { $0.value != .null }.mapValues { $0.doubleValue.map(JSONValue.number) ?? $0 }
    }
}

extension MarketPayload {
    /// With the open time of `other`, which JSON has to the microsecond only.
    fileprivate func with(openTimeOf other: MarketPayload) -> MarketPayload {
        guard case .bar(var bar) = self, case .bar(let live) = other, abs(bar.openTime - live.openTime) < 1000 else {
            return self
        }
        bar.openTime = live.openTime
        return .bar(bar)
    }
}
