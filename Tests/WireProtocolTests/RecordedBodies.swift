import WireProtocol

/// Binary bodies as Python's `struct.pack` writes them from the documented layout, and what they mean.
struct RecordedBody: Sendable, CustomStringConvertible {
    let name: String
    let hex: String
    let event: MarketEvent

    var description: String { name }
    var body: [UInt8] { bytes(hex: hex) }

    private init(_ name: String, _ payload: MarketPayload, isStamped: Bool = true, _ hex: String) {
        self.name = name
        self.hex = hex.filter(\.isHexDigit)
        self.event = MarketEvent(
            sequence: isStamped ? 4711 : 0,
            eventTime: 1_736_933_400_123_456_789,
            receiveTime: isStamped ? 1_736_933_400_123_999_000 : 0,
            payload: payload
        )
    }

    /// `"<BBBBIQqq" + "6dq8sQ"`
    static let bar = RecordedBody(
        "bar",
        .bar(
            BarData(
                open: 94321.5,
                high: 94400.125,
                low: 94300.25,
                close: 94388.75,
                volume: 12.5,
                turnover: 1_165_432.125,
                trades: 345,
                openTime: 1_736_933_340_000_000_000,
                interval: "1m"
            )
        ),
        """
        5101010168000000 6712000000000000 15bdde88b9d31a18 1803e788b9d31a18
        000000001807f740 00000000020cf740 00000000c405f740 000000004c0bf740
        0000000000002940 0000002078c83141 00983b89abd31a18 316d000000000000
        5901000000000000
        """
    )

    /// `"<BBBBIQqq" + "6dQ"`, `present` 31
    static let tick = RecordedBody(
        "tick with everything",
        .tick(TickData(price: 94388.75, size: 0.5, bid: 94388.5, ask: 94389, bidSize: 1.25, askSize: 2)),
        """
        5101020058000000 6712000000000000 15bdde88b9d31a18 1803e788b9d31a18
        000000004c0bf740 000000000000e03f 00000000480bf740 00000000500bf740
        000000000000f43f 0000000000000040 1f00000000000000
        """
    )

    /// As a publisher sends it: sequence and receive time are zero.
    static let bareTick = RecordedBody(
        "tick with a price only",
        .tick(TickData(price: -37.63)),
        isStamped: false,
        """
        5101020058000000 0000000000000000 15bdde88b9d31a18 0000000000000000
        713d0ad7a3d042c0 0000000000000000 0000000000000000 0000000000000000
        0000000000000000 0000000000000000 0000000000000000
        """
    )

    /// `present` 18: the bid, and the size at the ask.
    static let partialTick = RecordedBody(
        "tick with some fields",
        .tick(TickData(price: 1, bid: 2, askSize: 3)),
        """
        5101020058000000 6712000000000000 15bdde88b9d31a18 1803e788b9d31a18
        000000000000f03f 0000000000000000 0000000000000040 0000000000000000
        0000000000000000 0000000000000840 1200000000000000
        """
    )

    /// `"<BBBBIQqq" + "2dB7x24s"`
    static let trade = RecordedBody(
        "trade",
        .trade(TradeData(price: 94388.75, size: 0.015625, side: .sell, tradeID: "T-1234567890")),
        """
        5101030050000000 6712000000000000 15bdde88b9d31a18 1803e788b9d31a18
        000000004c0bf740 000000000000903f 0200000000000000 542d313233343536
        3738393000000000 0000000000000000
        """
    )

    /// `"<BBBBIQqq" + "4d"`
    static let quote = RecordedBody(
        "quote",
        .quote(QuoteData(bid: 94388.5, ask: 94389, bidSize: 1.25, askSize: 2)),
        """
        5101040040000000 6712000000000000 15bdde88b9d31a18 1803e788b9d31a18
        00000000480bf740 00000000500bf740 000000000000f43f 0000000000000040
        """
    )

    /// `"<BBBBIQqq" + "HHI" + "6d"`: two bids, one ask
    static let depth = RecordedBody(
        "depth",
        .depth(
            DepthData(
                bids: [DepthLevel(price: 94388.5, size: 1.25), DepthLevel(price: 94388, size: 3.5)],
                asks: [DepthLevel(price: 94389, size: 2)]
            )
        ),
        """
        5101050258000000 6712000000000000 15bdde88b9d31a18 1803e788b9d31a18
        0200010000000000 00000000480bf740 000000000000f43f 00000000400bf740
        0000000000000c40 00000000500bf740 0000000000000040
        """
    )

    /// An update that changes nothing.
    static let emptyDepth = RecordedBody(
        "empty depth update",
        .depth(DepthData(bids: [], asks: [], isSnapshot: false)),
        "5101050028000000 6712000000000000 15bdde88b9d31a18 1803e788b9d31a18 0000000000000000"
    )

    static let all = [bar, tick, bareTick, partialTick, trade, quote, depth, emptyDepth]
}
