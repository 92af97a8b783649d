internal import WireProtocol

/// Which table holds the messages of a topic.
enum RowTable: Int64, CaseIterable {
    case bars = 1
    case ticks = 2
    case messages = 3

    init(_ kind: DataKind?) {
        switch kind {
        case .bar: self = .bars
        case .tick: self = .ticks
        default: self = .messages
        }
    }

    var name: String {
        switch self {
        case .bars: "bars"
        case .ticks: "ticks"
        case .messages: "messages"
        }
    }

    /// All columns, in the order of the table, which is that of the parameters and of what is read.
    var columns: String {
        switch self {
        case .bars:
            "topic_id, seq, position, event_time, receive_time, open, high, low, close, volume, turnover, trades, open_time, "
                + "interval, closed, format, source, extra"
        case .ticks:
            "topic_id, seq, position, event_time, receive_time, price, size, bid, ask, bid_size, ask_size, format, source, extra"
        case .messages: "topic_id, seq, position, event_time, receive_time, format, source, data"
        }
    }

    var insertion: String {
        let count = columns.split(separator: ",").count
        let marks = repeatElement("?", count: count).joined(separator: ",")
        return "INSERT INTO \(name) (\(columns)) VALUES (\(marks))"
    }
}

/// How a body was written, as the column `format` says it: 0 is binary.
struct BodyFormat: OptionSet, Hashable, Sendable {
    let rawValue: Int64

    static let binary: BodyFormat = []
    static let json = BodyFormat(rawValue: 1)
    /// Members of `data` that were there, of those that may be left out.
    static let timestamp = BodyFormat(rawValue: 2)
    static let closed = BodyFormat(rawValue: 4)
    static let turnover = BodyFormat(rawValue: 8)
    static let trades = BodyFormat(rawValue: 16)
    static let openTime = BodyFormat(rawValue: 32)
    static let interval = BodyFormat(rawValue: 64)

    /// That the price column `index`, from 0, is -0.0: SQLite drops the sign.
    static func negativeZero(_ index: Int) -> BodyFormat { BodyFormat(rawValue: 256 << Int64(index)) }
}
