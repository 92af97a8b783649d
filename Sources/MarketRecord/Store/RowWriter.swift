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
        let format = isBinary ? BodyFormat.binary : facts.format
        let source = isBinary ? nil : facts.source
        switch event?.payload {
        case .bar(let bar):
            bind(bars, entry, topicID, eventTime)
            bind(bar)
            bars.bind(16, format.rawValue)
            bars.bind(17, source)
            try finish(bars, extra: 18, isBinary)
        case .tick(let tick):
            bind(ticks, entry, topicID, eventTime)
            bind(tick)
            ticks.bind(12, format.rawValue)
            ticks.bind(13, source)
            try finish(ticks, extra: 14, isBinary)
        case let payload:
            bind(messages, entry, topicID, eventTime)
            messages.bind(6, format.rawValue)
            messages.bind(7, source)
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

    private func bind(_ bar: BarData) {
        bars.bind(6, bar.open)
        bars.bind(7, bar.high)
        bars.bind(8, bar.low)
        bars.bind(9, bar.close)
        bars.bind(10, bar.volume)
        bars.bind(11, bar.turnover)
        bars.bind(12, bar.trades)
        bars.bind(13, bar.openTime)
        bars.bind(14, bar.interval.isEmpty ? nil : bar.interval)
        bars.bind(15, bar.closed ? 1 : 0 as Int64)
    }

    private func bind(_ tick: TickData) {
        ticks.bind(6, tick.price)
        ticks.bind(7, tick.size)
        ticks.bind(8, tick.bid)
        ticks.bind(9, tick.ask)
        ticks.bind(10, tick.bidSize)
        ticks.bind(11, tick.askSize)
    }

    private mutating func finish(_ statement: Statement, extra index: Int32, _ isBinary: Bool) throws(RecordError) {
        guard !isBinary, !facts.extra.bytes.isEmpty else {
            statement.bind(index, nil as String?)
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
