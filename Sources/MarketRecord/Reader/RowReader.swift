internal import WireProtocol

/// Turns rows back into bodies.
struct RowReader {
    private var writer = JSONWriter()

    /// The body of the row that `row` stands on, with sequence and receive time in it.
    mutating func body(
        _ row: Statement,
        _ table: RowTable,
        _ topic: Topic,
        _ format: RecordFormat,
        _ path: String
    ) throws(RecordError) -> [UInt8] {
        guard let kind = topic.kind, format == .binary || Self.isBinary(row, table) else {
            writeEnvelope(row, table, topic)
            return writer.bytes
        }
        guard let payload = Self.payload(row, table) ?? Self.payload(ofMessage: row, kind) else {
            throw RecordError(
                .corrupt,
                "message \(row.unsigned(1)) of \(topic) in \(path) is damaged: run `sqlite3 FILE 'pragma integrity_check'`"
            )
        }
        // What came as binary, and cannot be said in JSON, stays as it came.
        if format == .json, payload.fitsJSON {
            writeEnvelope(row, table, topic)
            return writer.bytes
        }
        var body: [UInt8] = []
        body.reserveCapacity(128)
        let event = MarketEvent(
            sequence: row.unsigned(1),
            eventTime: row.integer(3),
            receiveTime: row.integer(4),
            payload: payload
        )
        BinaryCodec.encode(event, into: &body)
        return body
    }

    private static func isBinary(_ row: Statement, _ table: RowTable) -> Bool {
        !BodyFormat(rawValue: row.integer(table.formatColumn)).contains(.json)
    }

    private static func payload(ofMessage row: Statement, _ kind: DataKind) -> MarketPayload? {
        (try? JSONValue(parsing: row.text(7))).flatMap { MarketPayload(recorded: $0, kind: kind) }
    }

    /// What a row of a table with columns says; `nil` for `messages`.
    static func payload(_ row: Statement, _ table: RowTable) -> MarketPayload? {
        let format = BodyFormat(rawValue: row.integer(table.formatColumn))
        func optional(_ index: Int) -> Double? {
            guard let value = row.optionalDouble(5 + Int32(index)) else { return nil }
            return value == 0 && format.contains(.negativeZero(index)) ? -0.0 : value
        }
        func price(_ index: Int) -> Double { optional(index) ?? 0 }
        switch table {
        case .bars:
            return .bar(
                BarData(
                    open: price(0),
                    high: price(1),
                    low: price(2),
                    close: price(3),
                    volume: price(4),
                    turnover: price(5),
                    trades: row.unsigned(11),
                    openTime: row.integer(12),
                    interval: row.text(13),
                    closed: row.integer(14) != 0
                )
            )
        case .ticks:
            return .tick(
                TickData(
                    price: price(0),
                    size: optional(1),
                    bid: optional(2),
                    ask: optional(3),
                    bidSize: optional(4),
                    askSize: optional(5)
                )
            )
        case .messages: return nil
        }
    }

    // MARK: JSON

    private mutating func writeEnvelope(_ row: Statement, _ table: RowTable, _ topic: Topic) {
        writer.removeAll()
        writer.raw("{\"seq\":")
        writer.integer(row.unsigned(1))
        writer.raw(",\"ts_ns\":")
        writer.integer(row.integer(4))
        writer.raw(",\"msg_type\":\"market_data\",\"payload\":{\"symbol\":")
        writer.string(topic.symbol)
        writer.raw(",\"data_type\":")
        writer.string(topic.dataType)
        if let source = row.optionalText(table.sourceColumn) {
            writer.raw(",\"source\":")
            writer.string(source)
        }
        writer.raw(",\"timestamp\":")
        writer.number(TimeFields.seconds(nanoseconds: row.integer(3)))
        writer.raw(",\"data\":")
        switch table {
        case .messages: writeRaw(row.text(7))
        case .bars, .ticks: writeData(row, table)
        }
        writer.raw("}}")
    }

    /// Writes the members that the publisher wrote.
    private mutating func writeData(_ row: Statement, _ table: RowTable) {
        guard let payload = Self.payload(row, table) else { return }
        let format = BodyFormat(rawValue: row.integer(table.formatColumn))
        guard format.contains(.json) else { return writer.write(payload.json) }
        writer.raw("{")
        switch payload {
        case .bar(let bar): write(bar, format)
        case .tick(let tick): write(tick)
        default: break
        }
        if format.contains(.timestamp) {
            number(",\"timestamp\":", TimeFields.seconds(nanoseconds: row.integer(3)))
        }
        if let extra = row.optionalText(table.formatColumn + 2) {
            writer.raw(",")
            writeRaw(extra.dropFirst().dropLast())
        }
        writer.raw("}")
    }

    private mutating func write(_ bar: BarData, _ format: BodyFormat) {
        number("\"open\":", bar.open)
        number(",\"high\":", bar.high)
        number(",\"low\":", bar.low)
        number(",\"close\":", bar.close)
        number(",\"volume\":", bar.volume)
        if format.contains(.turnover) { number(",\"turnover\":", bar.turnover) }
        if format.contains(.trades) {
            writer.raw(",\"trades\":")
            writer.integer(bar.trades)
        }
        if format.contains(.openTime) {
            number(",\"open_time\":", TimeFields.seconds(nanoseconds: bar.openTime))
        }
        if format.contains(.interval) {
            writer.raw(",\"interval\":")
            writer.string(bar.interval)
        }
        if format.contains(.closed) { writer.raw(bar.closed ? ",\"closed\":true" : ",\"closed\":false") }
    }

    private mutating func write(_ tick: TickData) {
        number("\"price\":", tick.price)
        number(",\"size\":", tick.size)
        number(",\"bid\":", tick.bid)
        number(",\"ask\":", tick.ask)
        number(",\"bid_size\":", tick.bidSize)
        number(",\"ask_size\":", tick.askSize)
    }

    private mutating func number(_ name: StaticString, _ value: Double?) {
        guard let value else { return }
        writer.raw(name)
        writer.number(value)
    }

    /// Writes what is JSON already.
    private mutating func writeRaw(_ text: some StringProtocol) {
        var text = String(text)
        text.withUTF8 { writer.raw(UnsafeRawBufferPointer($0)) }
    }
}

extension RowTable {
    /// Where the row says how the body was written; the source comes next.
    var formatColumn: Int32 {
        switch self {
        case .bars: 15
        case .ticks: 11
        case .messages: 5
        }
    }

    var sourceColumn: Int32 { formatColumn + 1 }
}
