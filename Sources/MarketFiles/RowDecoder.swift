import WireProtocol

/// Which columns of a file make up a row of one kind, and the checks that go with it.
enum RowDecoder {
    case bar(BarColumns)
    case tick(TickColumns)
    case trade(TradeColumns)
    case quote(QuoteColumns)

    /// Finds the columns of a kind.
    ///
    /// - Throws: `ambiguousColumn`, or `unsupported` for depth.
    init(_ kind: DataKind, in finder: inout ColumnFinder, interval: String) throws(MarketFileError) {
        switch kind {
        case .bar: self = .bar(try BarColumns(in: &finder, interval: interval))
        case .tick: self = .tick(try TickColumns(in: &finder))
        case .trade: self = .trade(try TradeColumns(in: &finder))
        case .quote: self = .quote(try QuoteColumns(in: &finder))
        case .depth:
            throw MarketFileError(
                .unsupported,
                "order-book depth does not fit the rows of a CSV file; publish it as JSON"
            )
        }
    }

    /// The values of the current record.
    func payload(_ row: borrowing CSVFile, eventTime: Int64) throws(RowFault) -> MarketPayload {
        switch self {
        case .bar(let columns): .bar(try columns.bar(row, eventTime: eventTime))
        case .tick(let columns): .tick(try columns.tick(row))
        case .trade(let columns): .trade(try columns.trade(row))
        case .quote(let columns): .quote(try columns.quote(row))
        }
    }
}

/// The columns of a file of bars.
struct BarColumns {
    private let open: Int
    private let high: Int
    private let low: Int
    private let close: Int
    private let volume: Int
    private let turnover: Int?
    private let trades: Int?
    private let openTime: Int?
    private let interval: String

    init(in finder: inout ColumnFinder, interval: String) throws(MarketFileError) {
        open = try finder.needed(.open)
        high = try finder.needed(.high)
        low = try finder.needed(.low)
        close = try finder.needed(.close)
        volume = try finder.needed(.volume)
        turnover = try finder.optional(.turnover)
        trades = try finder.optional(.trades)
        openTime = try finder.optional(.openTime)
        self.interval = interval
    }

    func bar(_ row: borrowing CSVFile, eventTime: Int64) throws(RowFault) -> BarData {
        var bar = BarData(
            open: try row.number(open),
            high: try row.number(high),
            low: try row.number(low),
            close: try row.number(close),
            volume: try row.quantity(volume),
            turnover: try row.optionalQuantity(turnover) ?? 0,
            trades: try row.optionalCount(trades) ?? 0,
            interval: interval
        )
        try Self.checkPrices(of: bar)
        if let openTime, !row.isEmpty(openTime) {
            bar.openTime = try row.time(openTime)
            guard bar.openTime <= eventTime else { throw RowFault(problem: "the bar opens after its event time") }
        }
        return bar
    }

    private static func checkPrices(of bar: BarData) throws(RowFault) {
        if bar.high < bar.low { throw RowFault(problem: "high \(bar.high) is below low \(bar.low)") }
        if bar.high < bar.open { throw RowFault(problem: "high \(bar.high) is below open \(bar.open)") }
        if bar.high < bar.close { throw RowFault(problem: "high \(bar.high) is below close \(bar.close)") }
        if bar.low > bar.open { throw RowFault(problem: "low \(bar.low) is above open \(bar.open)") }
        if bar.low > bar.close { throw RowFault(problem: "low \(bar.low) is above close \(bar.close)") }
    }
}

/// The columns of a file of ticks.
struct TickColumns {
    private let price: Int
    private let size: Int?
    private let bid: Int?
    private let ask: Int?
    private let bidSize: Int?
    private let askSize: Int?

    init(in finder: inout ColumnFinder) throws(MarketFileError) {
        price = try finder.needed(.price)
        size = try finder.optional(.size)
        bid = try finder.optional(.bid)
        ask = try finder.optional(.ask)
        bidSize = try finder.optional(.bidSize)
        askSize = try finder.optional(.askSize)
    }

    func tick(_ row: borrowing CSVFile) throws(RowFault) -> TickData {
        TickData(
            price: try row.number(price),
            size: try row.optionalQuantity(size),
            bid: try row.optionalNumber(bid),
            ask: try row.optionalNumber(ask),
            bidSize: try row.optionalQuantity(bidSize),
            askSize: try row.optionalQuantity(askSize)
        )
    }
}

/// The columns of a file of trades.
struct TradeColumns {
    /// What a trade's id may hold, as ``TradeData/tradeID`` says.
    private static let maxIDLength = 24

    private let price: Int
    private let size: Int
    private let side: Int?
    private let tradeID: Int?

    init(in finder: inout ColumnFinder) throws(MarketFileError) {
        price = try finder.needed(.price)
        size = try finder.needed(.size)
        side = try finder.optional(.side)
        tradeID = try finder.optional(.tradeID)
    }

    func trade(_ row: borrowing CSVFile) throws(RowFault) -> TradeData {
        TradeData(
            price: try row.number(price),
            size: try row.quantity(size),
            side: try row.side(side),
            tradeID: try row.ascii(tradeID, maxLength: Self.maxIDLength)
        )
    }
}

/// The columns of a file of quotes.
struct QuoteColumns {
    private let bid: Int
    private let ask: Int
    private let bidSize: Int?
    private let askSize: Int?

    init(in finder: inout ColumnFinder) throws(MarketFileError) {
        bid = try finder.needed(.bid)
        ask = try finder.needed(.ask)
        bidSize = try finder.optional(.bidSize)
        askSize = try finder.optional(.askSize)
    }

    func quote(_ row: borrowing CSVFile) throws(RowFault) -> QuoteData {
        QuoteData(
            bid: try row.number(bid),
            ask: try row.number(ask),
            bidSize: try row.optionalQuantity(bidSize) ?? 0,
            askSize: try row.optionalQuantity(askSize) ?? 0
        )
    }
}
