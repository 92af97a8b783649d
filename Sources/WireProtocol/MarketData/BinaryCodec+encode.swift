extension BinaryCodec {
    /// Writes `event` as a binary body behind what `out` holds.
    ///
    /// Text that is too long for its field is cut; numbers are written as they are.
    package static func encode(_ event: MarketEvent, into out: inout [UInt8]) {
        let start = out.count
        var flags: UInt8 = 0
        if case .bar(let bar) = event.payload, bar.closed { flags |= BinaryLayout.closedFlag }
        if case .depth(let depth) = event.payload, depth.isSnapshot { flags |= BinaryLayout.snapshotFlag }
        out.append(contentsOf: [BinaryLayout.magic, BinaryLayout.version, event.payload.kind.rawValue, flags])
        out.append(littleEndian: UInt32(0))
        out.append(littleEndian: event.sequence)
        out.append(littleEndian: event.eventTime)
        out.append(littleEndian: event.receiveTime)
        encode(event.payload, into: &out)
        let length = UInt32(truncatingIfNeeded: out.count - start)
        withUnsafeBytes(of: length.littleEndian) { bytes in
            for (index, byte) in bytes.enumerated() { out[start + BinaryLayout.Header.length + index] = byte }
        }
    }

    private static func encode(_ payload: MarketPayload, into out: inout [UInt8]) {
        switch payload {
        case .bar(let bar):
            out.append(numbers: bar.open, bar.high, bar.low, bar.close, bar.volume, bar.turnover)
            out.append(littleEndian: bar.openTime)
            out.append(text: bar.interval, bytes: BinaryLayout.Bar.intervalBytes)
            out.append(littleEndian: bar.trades)
        case .tick(let tick):
            let optional = [tick.size, tick.bid, tick.ask, tick.bidSize, tick.askSize]
            out.append(numbers: tick.price)
            for value in optional { out.append(numbers: value ?? 0) }
            let present = optional.enumerated().reduce(UInt64(0)) { $0 | ($1.element == nil ? 0 : 1 << $1.offset) }
            out.append(littleEndian: present)
        case .trade(let trade):
            out.append(numbers: trade.price, trade.size)
            out.append(littleEndian: UInt64(trade.side.rawValue))
            out.append(text: trade.tradeID, bytes: BinaryLayout.Trade.tradeIDBytes)
        case .quote(let quote):
            out.append(numbers: quote.bid, quote.ask, quote.bidSize, quote.askSize)
        case .depth(let depth):
            let bids = depth.bids.prefix(DepthData.maxLevels)
            let asks = depth.asks.prefix(DepthData.maxLevels)
            out.append(littleEndian: UInt16(truncatingIfNeeded: bids.count))
            out.append(littleEndian: UInt16(truncatingIfNeeded: asks.count))
            out.append(littleEndian: UInt32(0))
            for level in bids { out.append(numbers: level.price, level.size) }
            for level in asks { out.append(numbers: level.price, level.size) }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(numbers: Double...) {
        for number in numbers { append(littleEndian: number.bitPattern) }
    }

    fileprivate mutating func append(text: String, bytes count: Int) {
        let kept = text.utf8.prefix(count)
        append(contentsOf: kept)
        append(contentsOf: repeatElement(0, count: count - kept.count))
    }
}
