import Testing
import WireProtocol

@Suite struct TopicTests {
    @Test(arguments: [
        ("market.BTC/USDT.kline", "BTC/USDT", "kline"),
        ("market.BRK.B.kline_1m", "BRK.B", "kline_1m"),
        ("market.a.b", "a", "b"),
        ("market...x", ".", "x"),
        ("market.币安.tick", "币安", "tick"),
        ("market.market.x.market", "market.x", "market"),
        ("market.\"{}\\.A_9", "\"{}\\", "A_9"),
    ])
    func splitsAtTheLastDot(text: String, symbol: String, dataType: String) throws {
        let topic = try Topic(bytes: Array(text.utf8))
        #expect(topic.symbol == symbol && topic.dataType == dataType)
        #expect(topic.description == text)
        #expect(try Topic(symbol: symbol, dataType: dataType) == topic)
    }

    @Test(arguments: [
        "", "market", "market.", "market..", "market.x", "market.x.", "market..kline", "Market.x.kline",
        "MARKET.x.kline",
        " market.x.kline", "marketx.kline", "market.x y.kline", "market.x\t.kline", "market.x\n.kline",
        "market.x\0.kline",
        "market.x\u{7F}.kline", "market.x.kli ne", "market.x.kline-1m", "market.x.kl/ine", "market.x.ké", "market.x.@",
        "market.x.[",
        "market.x.`", "market.x.{", "market.x.:", "market.x./", "sync.spare-1",
    ])
    func refuses(text: String) {
        #expect(throws: ProtocolError.self) { try Topic(bytes: Array(text.utf8)) }
    }

    @Test func refusesASymbolThatIsNotUTF8() {
        #expect(throws: ProtocolError.self) {
            try Topic(bytes: Array("market.".utf8) + [0xFF, 0xFE] + Array(".kline".utf8))
        }
    }

    @Test func keepsToItsLengths() throws {
        let symbol = String(repeating: "s", count: 64)
        let dataType = String(repeating: "d", count: 32)
        let longest = Array("market.\(symbol).\(dataType)".utf8)
        #expect(longest.count == Topic.maxBytes)
        #expect(try Topic(bytes: longest).symbol == symbol)
        #expect(throws: ProtocolError.self) { try Topic(bytes: Array("market.\(symbol)s.d".utf8)) }
        #expect(throws: ProtocolError.self) { try Topic(bytes: Array("market.s.\(dataType)d".utf8)) }
        #expect(throws: ProtocolError.self) { try Topic(symbol: symbol + "s", dataType: "d") }
        #expect(throws: ProtocolError.self) { try Topic(symbol: "s", dataType: dataType + "d") }
        #expect(throws: ProtocolError.self) { try Topic(symbol: String(repeating: "é", count: 33), dataType: "d") }
        #expect(throws: ProtocolError.self) { try Topic(symbol: "", dataType: "d") }
        #expect(throws: ProtocolError.self) { try Topic(symbol: "s", dataType: "") }
    }

    @Test func aRefusalFitsInOneLine() {
        #expect { try Topic(symbol: "a\nb", dataType: "d") } throws: { "\($0)".hasPrefix(#""a\nb" is not a symbol"#) }
    }

    @Test(
        arguments: [
            ("kline", .bar), ("kline_1m", .bar), ("kline_", .bar), ("bar", .bar), ("bar_5s", .bar),
            ("tick", .tick), ("ticker", .tick), ("tick_fast", .tick),
            ("trade", .trade), ("trade_agg", .trade),
            ("quote", .quote), ("quote_l1", .quote),
            ("depth", .depth), ("depth_20", .depth), ("order_book", .depth), ("order_book_20", .depth),
            ("orderbook", .depth),
            ("orderbook_20", .depth),
            ("order", nil), ("order_books", nil), ("orderbooks", nil), ("klines", nil), ("Kline", nil), ("bars", nil),
            ("trades", nil),
            ("_kline", nil), ("funding_rate", nil), ("", nil),
        ] as [(String, DataKind?)]
    )
    func aDataTypesNameGivesItsKind(name: String, kind: DataKind?) throws {
        #expect(DataKind(dataType: name) == kind)
        if !name.isEmpty { #expect(try Topic(symbol: "x", dataType: name).kind == kind) }
    }
}
