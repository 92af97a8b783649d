/// Reads the `data` object of a JSON body: the names of DESIGN section 4, unknown ones passed over.
struct DataFields {
    /// `timestamp`, in nanoseconds since the Unix epoch.
    private(set) var timestamp: Int64?

    private var values = Numbers()
    private var openTime: Int64 = 0
    private var interval = ""
    private var tradeID = ""
    private var closed = true
    private var isSnapshot = true
    private var side = TradeSide.unknown
    private var bids: [DepthLevel]?
    private var asks: [DepthLevel]?

    /// Reads the object and makes a payload of it; `nil` when a needed field is missing.
    ///
    /// - Throws: ``JSONError`` when it is not an object, or a known field has the wrong type.
    mutating func read(_ scanner: inout JSONScanner, _ kind: DataKind) throws(JSONError) -> MarketPayload? {
        var more = try scanner.beginObject()
        while more {
            let name = try scanner.key()
            try field(name, &scanner)
            more = try scanner.nextMember()
        }
        return payload(kind)
    }

    private mutating func field(_ name: JSONScanner.StringRange, _ scanner: inout JSONScanner) throws(JSONError) {
        if let number = NumberField(scanner.raw(name)) {
            values[number] = try scanner.takeNull() ? nil : scanner.double()
        } else if scanner.matches(name, "timestamp") {
            timestamp = try scanner.time()
        } else if scanner.matches(name, "open_time") {
            openTime = try scanner.time() ?? 0
        } else if try scanner.takeNull() {
            // What a source does not know is as good as absent.
            try scanner.validate(name)
        } else if scanner.matches(name, "interval") {
            interval = try text(&scanner, limit: 8)
        } else if scanner.matches(name, "trade_id") {
            tradeID = try text(&scanner, limit: 24)
        } else if scanner.matches(name, "closed") {
            closed = try scanner.bool()
        } else if scanner.matches(name, "snapshot") {
            isSnapshot = try scanner.bool()
        } else if scanner.matches(name, "side") {
            side = try readSide(&scanner)
        } else if scanner.matches(name, "bids") {
            bids = try levels(&scanner)
        } else if scanner.matches(name, "asks") {
            asks = try levels(&scanner)
        } else {
            try scanner.validate(name)
            try scanner.skip()
        }
    }

    private func payload(_ kind: DataKind) -> MarketPayload? {
        switch kind {
        case .bar:
            guard let open = values[.open], let high = values[.high], let low = values[.low],
                let close = values[.close], let volume = values[.volume]
            else { return nil }
            return .bar(
                BarData(
                    open: open,
                    high: high,
                    low: low,
                    close: close,
                    volume: volume,
                    turnover: values[.turnover] ?? 0,
                    trades: UInt64(exactly: values[.trades] ?? 0) ?? 0,
                    openTime: openTime,
                    interval: interval,
                    closed: closed
                )
            )
        case .tick:
            guard let price = values[.price] else { return nil }
            return .tick(
                TickData(
                    price: price,
                    size: values[.size],
                    bid: values[.bid],
                    ask: values[.ask],
                    bidSize: values[.bidSize],
                    askSize: values[.askSize]
                )
            )
        case .trade:
            guard let price = values[.price], let size = values[.size] else { return nil }
            return .trade(TradeData(price: price, size: size, side: side, tradeID: tradeID))
        case .quote:
            guard let bid = values[.bid], let ask = values[.ask] else { return nil }
            return .quote(
                QuoteData(bid: bid, ask: ask, bidSize: values[.bidSize] ?? 0, askSize: values[.askSize] ?? 0)
            )
        case .depth:
            guard let bids, let asks else { return nil }
            return .depth(DepthData(bids: bids, asks: asks, isSnapshot: isSnapshot))
        }
    }

    /// The fields that a kind cannot do without.
    static func needed(_ kind: DataKind) -> String {
        switch kind {
        case .bar: "open high low close volume"
        case .tick: "price"
        case .trade: "price size"
        case .quote: "bid ask"
        case .depth: "bids asks"
        }
    }

    // MARK: Fields that are not numbers

    private func text(_ scanner: inout JSONScanner, limit: Int) throws(JSONError) -> String {
        let range = try scanner.stringRange()
        guard range.count <= limit, !range.isEscaped, scanner.raw(range).allSatisfy({ 0x20...0x7E ~= $0 }) else {
            throw JSONError("text of more than \(limit) ASCII characters", at: range.start)
        }
        return String(decoding: scanner.raw(range), as: UTF8.self)
    }

    private func readSide(_ scanner: inout JSONScanner) throws(JSONError) -> TradeSide {
        let range = try scanner.stringRange()
        if scanner.matches(range, "buy") { return .buy }
        if scanner.matches(range, "sell") { return .sell }
        throw JSONError("a side that is neither 'buy' nor 'sell'", at: range.start)
    }

    private func levels(_ scanner: inout JSONScanner) throws(JSONError) -> [DepthLevel] {
        var levels: [DepthLevel] = []
        var more = try scanner.beginArray()
        while more {
            guard levels.count < DepthData.maxLevels, try scanner.beginArray() else {
                throw JSONError("levels must be [price, size], at most \(DepthData.maxLevels)", at: scanner.offset)
            }
            let price = try scanner.double()
            guard try scanner.nextElement() else { throw JSONError("a level without a size", at: scanner.offset) }
            let size = try scanner.double()
            guard try !scanner.nextElement() else { throw JSONError("a level of more than two", at: scanner.offset) }
            levels.append(DepthLevel(price: price, size: size))
            more = try scanner.nextElement()
        }
        return levels
    }
}

/// The numeric fields of `data`, by name.
private enum NumberField: Int, CaseIterable {
    case open, high, low, close, volume, turnover, trades, price, size, bid, ask, bidSize, askSize

    init?(_ name: UnsafeRawBufferPointer) {
        // By length first: most names are told apart without comparing.
        switch name.count {
        case 3:
            if name.equals("low") {
                self = .low
            } else if name.equals("bid") {
                self = .bid
            } else if name.equals("ask") {
                self = .ask
            } else {
                return nil
            }
        case 4:
            if name.equals("open") {
                self = .open
            } else if name.equals("high") {
                self = .high
            } else if name.equals("size") {
                self = .size
            } else {
                return nil
            }
        case 5:
            if name.equals("close") { self = .close } else if name.equals("price") { self = .price } else { return nil }
        case 6:
            if name.equals("volume") {
                self = .volume
            } else if name.equals("trades") {
                self = .trades
            } else {
                return nil
            }
        case 8:
            if name.equals("turnover") {
                self = .turnover
            } else if name.equals("bid_size") {
                self = .bidSize
            } else if name.equals("ask_size") {
                self = .askSize
            } else {
                return nil
            }
        default: return nil
        }
    }
}

/// The numbers that were there, one slot a field.
private struct Numbers {
    private var values = InlineArray<13, Double>(repeating: 0)
    private var present: UInt16 = 0

    subscript(field: NumberField) -> Double? {
        get { present & (1 << field.rawValue) != 0 ? values[field.rawValue] : nil }
        set {
            values[field.rawValue] = newValue ?? 0
            if newValue == nil { present &= ~(1 << field.rawValue) } else { present |= 1 << field.rawValue }
        }
    }
}
