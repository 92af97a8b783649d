import Testing
import WireProtocol

/// A seeded generator (SplitMix64), so that every run sees the same cases.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The bytes that hexadecimal digits spell; anything else in the text is for the reader's eye.
func bytes(hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue).map(UInt8.init)
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

extension [UInt8] {
    /// The bytes as lower-case hexadecimal digits.
    var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension JSONValue {
    init(bytes: [UInt8]) throws(JSONError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(JSONError) in try JSONValue(parsing: raw) }
        }
        self = try result.get()
    }
}

extension Message {
    init(bytes: [UInt8]) throws(ProtocolError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(ProtocolError) in try Message(parsing: raw) }
        }
        self = try result.get()
    }
}

extension MarketEvent {
    init(bytes: [UInt8], kind: DataKind) throws(ProtocolError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(ProtocolError) in try MarketEvent(parsing: raw, kind: kind) }
        }
        self = try result.get()
    }

    init(json: String, kind: DataKind) throws(ProtocolError) {
        try self.init(bytes: Array(json.utf8), kind: kind)
    }
}

extension Topic {
    init(bytes: [UInt8]) throws(ProtocolError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(ProtocolError) in try Topic(parsing: raw) }
        }
        self = try result.get()
    }
}

extension MarketPayload {
    /// Every number in it.
    var numbers: [Double] {
        switch self {
        case .bar(let bar): [bar.open, bar.high, bar.low, bar.close, bar.volume, bar.turnover]
        case .tick(let tick):
            [tick.price] + [tick.size, tick.bid, tick.ask, tick.bidSize, tick.askSize].compactMap(\.self)
        case .trade(let trade): [trade.price, trade.size]
        case .quote(let quote): [quote.bid, quote.ask, quote.bidSize, quote.askSize]
        case .depth(let depth): (depth.bids + depth.asks).flatMap { [$0.price, $0.size] }
        }
    }
}
