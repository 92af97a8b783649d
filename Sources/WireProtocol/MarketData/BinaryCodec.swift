/// Reads, checks, stamps and writes binary bodies. See ``BinaryLayout``.
package enum BinaryCodec {
    /// Checks everything that ``decode(_:kind:)`` relies on, without building a value.
    package static func validate(_ body: UnsafeRawBufferPointer, kind: DataKind) throws(ProtocolError) {
        guard body.count >= BinaryLayout.headerBytes else {
            throw ProtocolError(
                "a binary body of \(body.count) bytes; the header alone has \(BinaryLayout.headerBytes)"
            )
        }
        guard body[0] == BinaryLayout.magic, body[BinaryLayout.Header.version] == BinaryLayout.version else {
            throw ProtocolError("a binary body of an unknown version")
        }
        guard let written = DataKind(rawValue: body[BinaryLayout.Header.kind]), written == kind else {
            throw ProtocolError("a binary body whose kind is not its topic's")
        }
        guard Int(body.word32(BinaryLayout.Header.length)) == body.count else {
            throw ProtocolError("a binary body whose length field is wrong")
        }
        switch kind {
        case .bar:
            try expect(body, BinaryLayout.Bar.bytes)
            try finite(body, from: BinaryLayout.Bar.open, count: 6)
            try ascii(body, BinaryLayout.Bar.interval, BinaryLayout.Bar.intervalBytes)
        case .tick:
            try expect(body, BinaryLayout.Tick.bytes)
            try finite(body, from: BinaryLayout.Tick.price, count: 6)
        case .trade:
            try expect(body, BinaryLayout.Trade.bytes)
            try finite(body, from: BinaryLayout.Trade.price, count: 2)
            try ascii(body, BinaryLayout.Trade.tradeID, BinaryLayout.Trade.tradeIDBytes)
            guard TradeSide(rawValue: body[BinaryLayout.Trade.side]) != nil else {
                throw ProtocolError("a trade with an unknown side")
            }
        case .quote:
            try expect(body, BinaryLayout.Quote.bytes)
            try finite(body, from: BinaryLayout.Quote.bid, count: 4)
        case .depth:
            let levels = try depthLevels(body)
            try finite(body, from: BinaryLayout.Depth.levels, count: 2 * (levels.bids + levels.asks))
        }
    }

    /// Reads a body.
    ///
    /// - Throws: ``ProtocolError`` when ``validate(_:kind:)`` does.
    package static func decode(_ body: UnsafeRawBufferPointer, kind: DataKind) throws(ProtocolError) -> MarketEvent {
        try validate(body, kind: kind)
        let flags = body[BinaryLayout.Header.flags]
        return MarketEvent(
            sequence: body.word64(BinaryLayout.Header.sequence),
            eventTime: Int64(bitPattern: body.word64(BinaryLayout.Header.eventTime)),
            receiveTime: Int64(bitPattern: body.word64(BinaryLayout.Header.receiveTime)),
            payload: payload(body, kind, flags)
        )
    }

    /// The event time of a body that has been validated.
    package static func eventTime(_ body: UnsafeRawBufferPointer) -> Int64 {
        Int64(bitPattern: body.word64(BinaryLayout.Header.eventTime))
    }

    /// Writes the broker's number and time into a body that has been validated.
    package static func stamp(_ body: UnsafeMutableRawBufferPointer, sequence: UInt64, receiveTime: Int64) {
        body.storeBytes(of: sequence.littleEndian, toByteOffset: BinaryLayout.Header.sequence, as: UInt64.self)
        body.storeBytes(of: receiveTime.littleEndian, toByteOffset: BinaryLayout.Header.receiveTime, as: Int64.self)
    }

    private static func payload(_ body: UnsafeRawBufferPointer, _ kind: DataKind, _ flags: UInt8) -> MarketPayload {
        switch kind {
        case .bar:
            .bar(
                BarData(
                    open: body.double(BinaryLayout.Bar.open),
                    high: body.double(BinaryLayout.Bar.high),
                    low: body.double(BinaryLayout.Bar.low),
                    close: body.double(BinaryLayout.Bar.close),
                    volume: body.double(BinaryLayout.Bar.volume),
                    turnover: body.double(BinaryLayout.Bar.turnover),
                    trades: body.word64(BinaryLayout.Bar.trades),
                    openTime: Int64(bitPattern: body.word64(BinaryLayout.Bar.openTime)),
                    interval: body.text(BinaryLayout.Bar.interval, BinaryLayout.Bar.intervalBytes),
                    closed: flags & BinaryLayout.closedFlag != 0
                )
            )
        case .tick:
            .tick(tick(body))
        case .trade:
            .trade(
                TradeData(
                    price: body.double(BinaryLayout.Trade.price),
                    size: body.double(BinaryLayout.Trade.size),
                    side: TradeSide(rawValue: body[BinaryLayout.Trade.side]) ?? .unknown,
                    tradeID: body.text(BinaryLayout.Trade.tradeID, BinaryLayout.Trade.tradeIDBytes)
                )
            )
        case .quote:
            .quote(
                QuoteData(
                    bid: body.double(BinaryLayout.Quote.bid),
                    ask: body.double(BinaryLayout.Quote.ask),
                    bidSize: body.double(BinaryLayout.Quote.bidSize),
                    askSize: body.double(BinaryLayout.Quote.askSize)
                )
            )
        case .depth:
            .depth(depth(body, isSnapshot: flags & BinaryLayout.snapshotFlag != 0))
        }
    }

    private static func tick(_ body: UnsafeRawBufferPointer) -> TickData {
        let present = body.word64(BinaryLayout.Tick.present)
        func optional(_ bit: UInt64, _ offset: Int) -> Double? {
            present & (1 << bit) != 0 ? body.double(offset) : nil
        }
        return TickData(
            price: body.double(BinaryLayout.Tick.price),
            size: optional(0, BinaryLayout.Tick.size),
            bid: optional(1, BinaryLayout.Tick.bid),
            ask: optional(2, BinaryLayout.Tick.ask),
            bidSize: optional(3, BinaryLayout.Tick.bidSize),
            askSize: optional(4, BinaryLayout.Tick.askSize)
        )
    }

    private static func depth(_ body: UnsafeRawBufferPointer, isSnapshot: Bool) -> DepthData {
        let bids = Int(body.word16(BinaryLayout.Depth.bidCount))
        let asks = Int(body.word16(BinaryLayout.Depth.askCount))
        func level(_ index: Int) -> DepthLevel {
            let offset = BinaryLayout.Depth.levels + index * BinaryLayout.Depth.levelBytes
            return DepthLevel(price: body.double(offset), size: body.double(offset + 8))
        }
        return DepthData(bids: (0..<bids).map(level), asks: (bids..<bids + asks).map(level), isSnapshot: isSnapshot)
    }

    // MARK: Checks

    private static func expect(_ body: UnsafeRawBufferPointer, _ count: Int) throws(ProtocolError) {
        guard body.count == count else {
            throw ProtocolError("a binary body of \(body.count) bytes where its kind has \(count)")
        }
    }

    private static func finite(_ body: UnsafeRawBufferPointer, from: Int, count: Int) throws(ProtocolError) {
        for index in 0..<count where !body.double(from + index * 8).isFinite {
            throw ProtocolError("a binary body with a number that is not finite at byte \(from + index * 8)")
        }
    }

    private static func ascii(_ body: UnsafeRawBufferPointer, _ from: Int, _ count: Int) throws(ProtocolError) {
        guard body[from..<from + count].allSatisfy({ $0 == 0 || 0x20...0x7E ~= $0 }) else {
            throw ProtocolError("a binary body with text that is not ASCII at byte \(from)")
        }
    }

    private static func depthLevels(
        _ body: UnsafeRawBufferPointer
    ) throws(ProtocolError) -> (bids: Int, asks: Int) {
        guard body.count >= BinaryLayout.Depth.levels else { throw ProtocolError("a depth body that ends too early") }
        let bids = Int(body.word16(BinaryLayout.Depth.bidCount))
        let asks = Int(body.word16(BinaryLayout.Depth.askCount))
        guard bids <= DepthData.maxLevels, asks <= DepthData.maxLevels else {
            throw ProtocolError("a depth body with more than \(DepthData.maxLevels) levels a side")
        }
        try expect(body, BinaryLayout.Depth.levels + (bids + asks) * BinaryLayout.Depth.levelBytes)
        return (bids, asks)
    }
}

// Little-endian fields at any alignment; the callers have checked the length.
extension UnsafeRawBufferPointer {
    fileprivate func word16(_ offset: Int) -> UInt16 {
        UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    fileprivate func word32(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    fileprivate func word64(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    fileprivate func double(_ offset: Int) -> Double {
        Double(bitPattern: word64(offset))
    }

    fileprivate func text(_ offset: Int, _ count: Int) -> String {
        String(decoding: self[offset..<offset + count].prefix { $0 != 0 }, as: UTF8.self)
    }
}
