import ArgumentParser
import WireProtocol

/// `quantcell-bench codec`
struct Codec: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Nanoseconds a message: encode, check and stamp, decode; JSON and binary.",
        discussion: "In this process, one thread. The floor is a copy of the same bytes (memcpy)."
    )

    @OptionGroup var options: BenchOptions

    func run() throws {
        try options.report { try Self.measure(options, into: &$0) }
    }

    static func measure(_ options: BenchOptions, into report: inout Report) throws {
        let rounds = options.rounds(7, long: 21)
        report.begin(
            "codec: one thread in this process, \(rounds) rounds",
            notes: [
                "broker: what its loop does to a body (check, number, time), without the sockets.",
                "worker: from bytes to the value that the strategy gets. Floor: memcpy of the same bytes.",
            ]
        )
        report.progress("codec")
        let topic = try Topic(symbol: Probe.symbol, dataType: Probe.dataType)
        for (name, dataType, payload) in samples {
            let topic = try Topic(symbol: topic.symbol, dataType: dataType)
            guard let kind = topic.kind else { throw BenchError("'\(dataType)' has no layout") }
            let event = MarketEvent(
                sequence: 123_456,
                eventTime: 1_736_933_400_123_456_000,
                receiveTime: 1_736_933_400_123_500_000,
                payload: payload
            )
            var binary: [UInt8] = []
            BinaryCodec.encode(event, into: &binary)
            let json = JSONCodec.encode(event, topic: topic)
            let isBar = kind == .bar
            let (binaryFloor, jsonFloor) = (Self.copy(binary, rounds), Self.copy(json, rounds))
            func add(_ what: String, _ isJSON: Bool, _ times: [Double], _ limit: Double? = nil) {
                report.add(
                    "\(name), \(isJSON ? "JSON" : "binary"), \(what)",
                    "ns",
                    times,
                    floor: isJSON ? jsonFloor : binaryFloor,
                    target: limit.map { .atMost($0) }
                )
            }
            add("worker decodes", false, try decode(binary, kind, rounds), isBar ? 300 : nil)
            add("worker decodes", true, try decode(json, kind, rounds), isBar ? 1500 : nil)
            guard isBar else { continue }
            add("broker stamps", false, try stamp(binary: binary, kind, rounds), 500)
            add("broker stamps", true, try stamp(json: json, topic, rounds))
            add("publisher encodes", false, encode(event, rounds))
            add("publisher encodes", true, Self.time(rounds) { keep(JSONCodec.encode(event, topic: topic).count) })
        }
    }

    private static let samples: [(String, String, MarketPayload)] = [
        ("bar", "kline", MarketBody.event.payload),
        ("tick", "tick", .tick(TickData(price: 43250.1, size: 0.25, bid: 43250, ask: 43250.5))),
        ("trade", "trade", .trade(TradeData(price: 43250.1, size: 0.25, side: .buy, tradeID: "123456789"))),
        ("quote", "quote", .quote(QuoteData(bid: 43250, ask: 43250.5, bidSize: 1.5, askSize: 2.25))),
        (
            "depth 20+20", "depth",
            .depth(
                DepthData(
                    bids: (0..<20).map { DepthLevel(price: 43250 - Double($0) / 2, size: 1.25) },
                    asks: (0..<20).map { DepthLevel(price: 43250.5 + Double($0) / 2, size: 1.25) }
                )
            )
        ),
    ]

    // MARK: The work

    private static func decode(_ body: [UInt8], _ kind: DataKind, _ rounds: Int) throws -> [Double] {
        try body.withUnsafeBytes { bytes in
            try time(rounds) { keep(Int(truncatingIfNeeded: try MarketEvent(parsing: bytes, kind: kind).eventTime)) }
        }
    }

    private static func encode(_ event: MarketEvent, _ rounds: Int) -> [Double] {
        var buffer: [UInt8] = []
        return time(rounds) {
            buffer.removeAll(keepingCapacity: true)
            BinaryCodec.encode(event, into: &buffer)
            keep(buffer.count)
        }
    }

    private static func stamp(binary body: [UInt8], _ kind: DataKind, _ rounds: Int) throws -> [Double] {
        var body = body
        var sequence: UInt64 = 0
        return try body.withUnsafeMutableBytes { bytes in
            try time(rounds) {
                try BinaryCodec.validate(UnsafeRawBufferPointer(bytes), kind: kind)
                sequence += 1
                BinaryCodec.stamp(bytes, sequence: sequence, receiveTime: Clock.realtime)
                keep(Int(BinaryCodec.eventTime(UnsafeRawBufferPointer(bytes))))
            }
        }
    }

    private static func stamp(json body: [UInt8], _ topic: Topic, _ rounds: Int) throws -> [Double] {
        var writer = JSONWriter()
        var stamped = JSONWriter()
        var sequence: UInt64 = 0
        return try body.withUnsafeBytes { bytes in
            try time(rounds) {
                var envelope = MarketEnvelope()
                writer.removeAll()
                try envelope.scan(bytes, kind: topic.kind, copyingInto: &writer)
                try envelope.checkTopic(topic, in: bytes)
                sequence += 1
                stamped.removeAll()
                stamped.raw("{\"seq\":")
                stamped.integer(sequence)
                stamped.raw(",\"ts_ns\":")
                stamped.integer(Clock.realtime)
                writer.bytes.withUnsafeBytes { stamped.raw($0) }
                stamped.raw("}")
                keep(stamped.bytes.count)
            }
        }
    }

    private static func copy(_ body: [UInt8], _ rounds: Int) -> [Double] {
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: body.count, alignment: 16)
        defer { target.deallocate() }
        return body.withUnsafeBytes { bytes in
            time(rounds) {
                target.copyMemory(from: bytes)
                keep(Int(target[0]))
            }
        }
    }

    // MARK: Timing

    /// Nanoseconds a call, in each round; enough calls that a round takes 20 ms or so.
    private static func time(_ rounds: Int, _ work: () throws -> Void) rethrows -> [Double] {
        var calls = 100
        while try run(calls, work) < 20_000_000 { calls *= 2 }
        return try (0..<rounds).map { _ in Double(try run(calls, work)) / Double(calls) }
    }

    private static func run(_ calls: Int, _ work: () throws -> Void) rethrows -> Int64 {
        let begin = Clock.monotonic
        for _ in 0..<calls { try work() }
        return Clock.monotonic - begin
    }

    /// Keeps the compiler from leaving out what nobody looks at.
    @inline(never) @_optimize(none)
    private static func keep(_ value: Int) {}
}
