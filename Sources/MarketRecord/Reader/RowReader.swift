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
        guard format == .binary, let kind = topic.kind else {
            writeEnvelope(row, table, topic)
            return writer.bytes
        }
        let event: MarketEvent
        if let payload = Self.payload(row, table) {
            event = MarketEvent(
                sequence: row.unsigned(1),
                eventTime: row.integer(3),
                receiveTime: row.integer(4),
                payload: payload
            )
        } else {
            writeEnvelope(row, table, topic)
            let result = writer.bytes.withUnsafeBytes { bytes in
                Result { () throws(ProtocolError) in try JSONCodec.decode(bytes, kind: kind) }
            }
            guard case .success(var read) = result else {
                throw RecordError(
                    .corrupt,
                    "message \(row.unsigned(1)) of \(topic) in \(path) is damaged: run `sqlite3 FILE 'pragma integrity_check'`"
                )
            }
            // JSON has it to the microsecond only.
            read.eventTime = row.integer(3)
            event = read
        }
        var body: [UInt8] = []
        body.reserveCapacity(128)
        BinaryCodec.encode(event, into: &body)
        return body
    }

    /// What a row of a table with columns says; `nil` for `messages`.
    static func payload(_ row: Statement, _ table: RowTable) -> MarketPayload? {
        switch table {
        case .bars:
            .bar(
                BarData(
                    open: row.double(5),
                    high: row.double(6),
                    low: row.double(7),
                    close: row.double(8),
                    volume: row.double(9),
                    turnover: row.double(10),
                    trades: row.unsigned(11),
                    openTime: row.integer(12),
                    interval: row.text(13),
                    closed: row.integer(14) != 0
                )
            )
        case .ticks:
            .tick(
                TickData(
                    price: row.double(5),
                    size: row.optionalDouble(6),
                    bid: row.optionalDouble(7),
                    ask: row.optionalDouble(8),
                    bidSize: row.optionalDouble(9),
                    askSize: row.optionalDouble(10)
                )
            )
        case .messages: nil
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
        let format = BodyFormat(rawValue: row.integer(table.formatColumn))
        guard format.contains(.json) else {
            if let payload = Self.payload(row, table) { writer.write(payload.json) }
            return
        }
        writer.raw("{")
        if table == .bars {
            number("\"open\":", row.double(5))
            number(",\"high\":", row.double(6))
            number(",\"low\":", row.double(7))
            number(",\"close\":", row.double(8))
            number(",\"volume\":", row.double(9))
            if format.contains(.turnover) { number(",\"turnover\":", row.double(10)) }
            if format.contains(.trades) {
                writer.raw(",\"trades\":")
                writer.integer(row.unsigned(11))
            }
            if format.contains(.openTime) {
                number(",\"open_time\":", TimeFields.seconds(nanoseconds: row.integer(12)))
            }
            if format.contains(.interval) {
                writer.raw(",\"interval\":")
                writer.string(row.text(13))
            }
            if format.contains(.closed) { writer.raw(row.integer(14) != 0 ? ",\"closed\":true" : ",\"closed\":false") }
        } else {
            number("\"price\":", row.double(5))
            number(",\"size\":", row.optionalDouble(6))
            number(",\"bid\":", row.optionalDouble(7))
            number(",\"ask\":", row.optionalDouble(8))
            number(",\"bid_size\":", row.optionalDouble(9))
            number(",\"ask_size\":", row.optionalDouble(10))
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
    fileprivate var formatColumn: Int32 {
        switch self {
        case .bars: 15
        case .ticks: 11
        case .messages: 5
        }
    }

    fileprivate var sourceColumn: Int32 { formatColumn + 1 }
}
