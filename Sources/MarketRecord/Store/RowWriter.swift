internal import WireProtocol

/// Turns bodies into rows.
struct RowWriter {
    private let bars: Statement
    private let ticks: Statement
    private let messages: Statement
    private var facts = BodyFacts()
    private var json = JSONWriter()

    init(_ connection: Connection) throws(RecordError) {
        bars = try connection.prepare(RowTable.bars.insertion)
        ticks = try connection.prepare(RowTable.ticks.insertion)
        messages = try connection.prepare(RowTable.messages.insertion)
    }

    /// Writes a message, and returns its event time; `nil` for a body that cannot be read.
    mutating func write(_ entry: IntakeEntry, kind: DataKind?, topicID: Int64) throws(RecordError) -> Int64? {
        let isBinary = entry.body.first == BinaryLayout.magic
        var event: MarketEvent?
        var eventTime: Int64 = 0
        do {
            if let kind {
                let read = try MarketEvent(parsing: entry.body, kind: kind)
                (event, eventTime) = (read, read.eventTime)
            } else {
                var envelope = MarketEnvelope()
                try envelope.scan(entry.body, kind: nil)
                eventTime = envelope.eventTime
            }
            if !isBinary { try facts.read(entry.body, for: RowTable(kind)) }
        } catch {
            return nil
        }
        var format = isBinary ? BodyFormat.binary : facts.format
        let source = isBinary ? nil : facts.source
        switch event?.payload {
        case .bar(let bar):
            bind(bars, entry, topicID, eventTime)
            bind(bar, &format)
            bars.bind(16, format.rawValue)
            bars.rebind(17, source)
            try finish(bars, extra: 18, isBinary)
        case .tick(let tick):
            bind(ticks, entry, topicID, eventTime)
            bind(tick, &format)
            ticks.bind(12, format.rawValue)
            ticks.rebind(13, source)
            try finish(ticks, extra: 14, isBinary)
        case let payload:
            bind(messages, entry, topicID, eventTime)
            messages.bind(6, format.rawValue)
            messages.rebind(7, source)
            if isBinary, let payload {
                json.removeAll()
                json.write(payload.json)
                try run(messages, 8, json.bytes)
            } else {
                messages.bindOrNull(8, inPlace: UnsafeRawBufferPointer(rebasing: entry.body[facts.data]))
                try messages.run()
            }
        }
        return eventTime
    }

    private func bind(_ statement: Statement, _ entry: IntakeEntry, _ topicID: Int64, _ eventTime: Int64) {
        statement.bind(1, topicID)
        statement.bind(2, entry.sequence)
        statement.bind(3, entry.position)
        statement.bind(4, eventTime)
        statement.bind(5, entry.receiveTime)
    }

    private func bind(_ bar: BarData, _ format: inout BodyFormat) {
        bind(bars, 0, bar.open, &format)
        bind(bars, 1, bar.high, &format)
        bind(bars, 2, bar.low, &format)
        bind(bars, 3, bar.close, &format)
        bind(bars, 4, bar.volume, &format)
        bind(bars, 5, bar.turnover, &format)
        bars.bind(12, bar.trades)
        bars.bind(13, bar.openTime)
        bars.rebind(14, bar.interval.isEmpty ? nil : bar.interval)
        bars.bind(15, bar.closed ? 1 : 0 as Int64)
    }

    private func bind(_ tick: TickData, _ format: inout BodyFormat) {
        bind(ticks, 0, tick.price, &format)
        bind(ticks, 1, tick.size, &format)
        bind(ticks, 2, tick.bid, &format)
        bind(ticks, 3, tick.ask, &format)
        bind(ticks, 4, tick.bidSize, &format)
        bind(ticks, 5, tick.askSize, &format)
    }

    /// Binds the price column `index`, counted from 0.
    private func bind(_ statement: Statement, _ index: Int, _ value: Double?, _ format: inout BodyFormat) {
        statement.bind(6 + Int32(index), value)
        if value == 0, value?.sign == .minus { format.insert(.negativeZero(index)) }
    }

    private mutating func finish(_ statement: Statement, extra index: Int32, _ isBinary: Bool) throws(RecordError) {
        guard !isBinary, !facts.extra.bytes.isEmpty else {
            statement.rebind(index, nil)
            return try statement.run()
        }
        json.removeAll()
        json.raw("{")
        facts.extra.bytes.withUnsafeBytes { json.raw($0) }
        json.raw("}")
        try run(statement, index, json.bytes)
    }

    /// Runs a statement whose last parameter is `text`.
    private func run(_ statement: Statement, _ index: Int32, _ text: [UInt8]) throws(RecordError) {
        let result = text.withUnsafeBytes { bytes in
            Result { () throws(RecordError) in
                statement.bindOrNull(index, inPlace: bytes)
                try statement.run()
            }
        }
        try result.get()
    }
}
