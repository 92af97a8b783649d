import Testing
import WireProtocol

@Suite struct BinaryCodecTests {
    @Test(arguments: RecordedBody.all)
    func readsTheRecordedBytes(recorded: RecordedBody) throws {
        #expect(try MarketEvent(bytes: recorded.body, kind: recorded.event.payload.kind) == recorded.event)
    }

    @Test(arguments: RecordedBody.all)
    func writesTheRecordedBytes(recorded: RecordedBody) {
        var out: [UInt8] = [0xAA]
        BinaryCodec.encode(recorded.event, into: &out)
        #expect(out.hex == "aa" + recorded.hex)
    }

    @Test(arguments: RecordedBody.all)
    func readsAtAnyAlignment(recorded: RecordedBody) throws {
        for shift in 1..<8 {
            let shifted = [UInt8](repeating: 0, count: shift) + recorded.body
            let event = try shifted.withUnsafeBytes { raw in
                try MarketEvent(
                    parsing: UnsafeRawBufferPointer(rebasing: raw[shift...]),
                    kind: recorded.event.payload.kind
                )
            }
            #expect(event == recorded.event)
        }
    }

    @Test func aStampChangesNothingElse() throws {
        var body = RecordedBody.bareTick.body
        body.withUnsafeMutableBytes { BinaryCodec.stamp($0, sequence: 0x0102_0304_0506_0708, receiveTime: -2) }
        #expect(body[8..<16].elementsEqual([8, 7, 6, 5, 4, 3, 2, 1]))
        #expect(body[24..<32].elementsEqual([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]))
        #expect(body.withUnsafeBytes(BinaryCodec.eventTime) == RecordedBody.bareTick.event.eventTime)
        let original = RecordedBody.bareTick.body
        #expect(body[..<8] == original[..<8] && body[16..<24] == original[16..<24] && body[32...] == original[32...])
    }

    @Test(arguments: RecordedBody.all)
    func refusesEveryOtherLength(recorded: RecordedBody) {
        let body = recorded.body
        let kind = recorded.event.payload.kind
        for count in 1..<body.count {
            #expect(throws: ProtocolError.self) { try MarketEvent(bytes: Array(body[..<count]), kind: kind) }
            #expect(throws: ProtocolError.self) {
                try MarketEvent(bytes: withLength(Array(body[..<count]), count), kind: kind)
            }
        }
        #expect(throws: ProtocolError.self) { try MarketEvent(bytes: body + [0], kind: kind) }
        #expect(throws: ProtocolError.self) {
            try MarketEvent(bytes: withLength(body + [0], body.count + 1), kind: kind)
        }
        #expect(throws: ProtocolError.self) { try MarketEvent(bytes: withLength(body, .max), kind: kind) }
    }

    @Test(arguments: RecordedBody.all)
    func refusesAnotherKindAndAnotherVersion(recorded: RecordedBody) {
        let own = recorded.event.payload.kind
        for kind in DataKind.allCases where kind != own {
            #expect(throws: ProtocolError.self) { try MarketEvent(bytes: recorded.body, kind: kind) }
        }
        for (offset, values) in [(0, [0x00, 0x50, 0x71]), (1, [0, 2, 255]), (2, [0, 6, 255])] as [(Int, [UInt8])] {
            for value in values {
                var body = recorded.body
                body[offset] = value
                #expect(throws: ProtocolError.self) { try MarketEvent(bytes: body, kind: own) }
            }
        }
    }

    @Test func refusesNumbersThatAreNotFinite() {
        let places: [(RecordedBody, StrideTo<Int>)] = [
            (.bar, stride(from: 32, to: 80, by: 8)), (.tick, stride(from: 32, to: 80, by: 8)),
            (.bareTick, stride(from: 32, to: 80, by: 8)), (.trade, stride(from: 32, to: 48, by: 8)),
            (.quote, stride(from: 32, to: 64, by: 8)), (.depth, stride(from: 40, to: 88, by: 8)),
        ]
        for (recorded, offsets) in places {
            for offset in offsets {
                for bits in ["000000000000f87f", "010000000000f07f", "000000000000f07f", "000000000000f0ff"] {
                    var body = recorded.body
                    body.replaceSubrange(offset..<offset + 8, with: bytes(hex: bits))
                    #expect(throws: ProtocolError.self, "\(recorded) at \(offset)") {
                        try MarketEvent(bytes: body, kind: recorded.event.payload.kind)
                    }
                }
            }
        }
    }

    @Test func refusesTextThatIsNotASCII() {
        for byte in [0x01, 0x1F, 0x7F, 0x80, 0xFF] as [UInt8] {
            for (recorded, offset) in [(RecordedBody.bar, 88), (.bar, 95), (.trade, 56), (.trade, 79)] {
                var body = recorded.body
                body[offset] = byte
                #expect(throws: ProtocolError.self) { try MarketEvent(bytes: body, kind: recorded.event.payload.kind) }
            }
        }
    }

    @Test func textMayFillItsField() throws {
        let bar = MarketEvent(
            eventTime: 1,
            payload: .bar(BarData(open: 1, high: 1, low: 1, close: 1, volume: 1, interval: "12345678"))
        )
        let trade = MarketEvent(
            eventTime: 1,
            payload: .trade(TradeData(price: 1, size: 1, tradeID: "123456789012345678901234"))
        )
        for event in [bar, trade] {
            var body: [UInt8] = []
            BinaryCodec.encode(event, into: &body)
            #expect(try MarketEvent(bytes: body, kind: event.payload.kind) == event)
        }
    }

    @Test func refusesAnUnknownSide() {
        var body = RecordedBody.trade.body
        body[48] = 3
        #expect(throws: ProtocolError.self) { try MarketEvent(bytes: body, kind: .trade) }
    }

    @Test func depthHasAThousandLevelsASideAndNoMore() throws {
        let levels = (1...1001).map { DepthLevel(price: Double($0), size: 1) }
        let event = MarketEvent(
            eventTime: 1,
            payload: .depth(DepthData(bids: Array(levels.prefix(1000)), asks: Array(levels.prefix(1000))))
        )
        var body: [UInt8] = []
        BinaryCodec.encode(event, into: &body)
        #expect(body.count == 40 + 2000 * 16)
        #expect(try MarketEvent(bytes: body, kind: .depth) == event)
        // One level more, everything else consistent.
        var more = withLength(body + bytes(hex: "000000000000f03f000000000000f03f"), body.count + 16)
        more[34] = 0xE9
        #expect(throws: ProtocolError.self) { try MarketEvent(bytes: more, kind: .depth) }
        // The encoder drops what the layout has no room for.
        var cut: [UInt8] = []
        BinaryCodec.encode(
            MarketEvent(eventTime: 1, payload: .depth(DepthData(bids: levels, asks: Array(levels.prefix(1000))))),
            into: &cut
        )
        #expect(cut == body)
    }

    @Test func unusedBitsAreIgnored() throws {
        var body = RecordedBody.trade.body
        body[3] = 0xFF
        body[49] = 0xFF
        #expect(try MarketEvent(bytes: body, kind: .trade) == RecordedBody.trade.event)
        // An absent field's number does not show.
        var tick = RecordedBody.bareTick.body
        tick[87] = 0x80
        tick[40..<48] = RecordedBody.tick.body[40..<48]
        #expect(try MarketEvent(bytes: tick, kind: .tick) == RecordedBody.bareTick.event)
    }

    private func withLength(_ body: [UInt8], _ length: Int) -> [UInt8] {
        guard body.count >= 8 else { return body }
        var body = body
        for index in 0..<4 { body[4 + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
        return body
    }
}
