import MarketFiles
import WireProtocol

/// A recorded message as a row: its fields by name.
struct RecordedRow {
    /// The message's place in its topic.
    let sequence: UInt64
    /// The fields, for JSON or CSV.
    let fields: JSONValue

    /// The columns of a kind of data; `quantcell replay` finds those it needs by these names.
    static func columns(_ kind: DataKind?) -> [String] {
        let data =
            switch kind {
            case .bar:
                ["open", "high", "low", "close", "volume", "turnover", "trades", "open_time", "interval", "closed"]
            case .tick: ["price", "size", "bid", "ask", "bid_size", "ask_size"]
            case .trade: ["price", "size", "side", "trade_id"]
            case .quote: ["bid", "ask", "bid_size", "ask_size"]
            case .depth, nil: ["data"]
            }
        return ["sequence", "timestamp", "received"] + data
    }

    /// Reads a body, binary or JSON.
    ///
    /// - Throws: `ProtocolError` or `JSONError` when it is neither.
    init(_ body: [UInt8], kind: DataKind?) throws {
        guard let kind, kind != .depth else {
            let envelope = try body.withUnsafeBytes { try JSONValue(parsing: $0) }
            sequence = envelope["seq"]?.sequenceValue ?? 0
            fields = .object([
                "sequence": JSONValue(sequence),
                "timestamp": envelope["payload"]?["timestamp"] ?? envelope["timestamp"] ?? .null,
                "received": Self.time(envelope["ts_ns"]?.integerValue ?? 0),
                "data": envelope["payload"]?["data"] ?? .null,
            ])
            return
        }
        let event = try body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: kind) }
        sequence = event.sequence
        var members: [String: JSONValue] = [
            "sequence": JSONValue(event.sequence), "timestamp": Self.time(event.eventTime),
            "received": Self.time(event.receiveTime),
        ]
        members.merge(Self.data(event.payload)) { $1 }
        fields = .object(members)
    }

    private static func data(_ payload: MarketPayload) -> [String: JSONValue] {
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
        switch payload {
        case .bar(let bar):
            return [
                "open": .number(bar.open), "high": .number(bar.high), "low": .number(bar.low),
                "close": .number(bar.close), "volume": .number(bar.volume), "turnover": .number(bar.turnover),
                "trades": JSONValue(bar.trades), "open_time": time(bar.openTime), "interval": .string(bar.interval),
                "closed": .bool(bar.closed),
            ]
        case .tick(let tick):
            return [
                "price": .number(tick.price), "size": number(tick.size), "bid": number(tick.bid),
                "ask": number(tick.ask), "bid_size": number(tick.bidSize), "ask_size": number(tick.askSize),
            ]
        case .trade(let trade):
            return [
                "price": .number(trade.price), "size": .number(trade.size), "side": side(trade.side),
                "trade_id": .string(trade.tradeID),
            ]
        case .quote(let quote):
            return [
                "bid": .number(quote.bid), "ask": .number(quote.ask), "bid_size": .number(quote.bidSize),
                "ask_size": .number(quote.askSize),
            ]
        case .depth: return [:]
        }
    }

    private static func side(_ side: TradeSide) -> JSONValue {
        switch side {
        case .buy: "buy"
        case .sell: "sell"
        case .unknown: .null
        }
    }

    private static func time(_ nanoseconds: Int64) -> JSONValue {
        nanoseconds == 0 ? .null : .string(TimeText.iso8601(nanoseconds: nanoseconds))
    }
}
