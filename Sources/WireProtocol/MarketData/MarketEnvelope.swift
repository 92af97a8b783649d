/// What the broker and the worker need of a JSON body, gathered in one pass over its bytes.
package struct MarketEnvelope {
    package private(set) var sequence: UInt64 = 0
    package private(set) var receiveTime: Int64 = 0
    /// The data, where its kind was known while scanning and has a fixed meaning.
    package private(set) var data: MarketPayload?
    package private(set) var symbol: JSONScanner.StringRange?
    package private(set) var dataType: JSONScanner.StringRange?
    package private(set) var hasData = false

    private var dataTime: Int64?
    private var payloadTime: Int64?
    private var envelopeTime: Int64?
    private var isMarketData = false

    package init() {}

    /// When it happened: the data's own time, else the payload's, else the envelope's; 0 where nothing says.
    package var eventTime: Int64 { dataTime ?? payloadTime ?? envelopeTime ?? 0 }

    /// Scans a whole body.
    ///
    /// - Parameters:
    ///   - body: One JSON object.
    ///   - kind: How to read the data, or `nil` to check that it is an object and pass over it.
    ///   - writer: Where given, gets every member but `seq` and `ts_ns`, each behind a comma: what is left of the body when the
    ///     broker puts its own in front.
    /// - Throws: ``ProtocolError``
    package mutating func scan(
        _ body: UnsafeRawBufferPointer,
        kind: DataKind?,
        copyingInto writer: UnsafeMutablePointer<JSONWriter>? = nil
    ) throws(ProtocolError) {
        do {
            var scanner = JSONScanner(body)
            var more = try scanner.beginObject()
            while more {
                _ = try scanner.peek()
                let start = scanner.offset
                let name = try scanner.key()
                let isStamp = try member(name, &scanner, kind)
                if !isStamp, let writer {
                    writer.pointee.raw(",")
                    writer.pointee.raw(UnsafeRawBufferPointer(rebasing: body[start..<scanner.offset]))
                }
                more = try scanner.nextMember()
            }
            try scanner.end()
        } catch {
            throw ProtocolError("market data that is not valid JSON: \(error)")
        }
        guard isMarketData else { throw ProtocolError("market data without a market-data 'msg_type'") }
        guard hasData else { throw ProtocolError("market data without 'payload.data'") }
        if let kind, data == nil {
            throw ProtocolError("'data' lacks what a \(kind) needs (\(DataFields.needed(kind)))")
        }
    }

    /// Reads one member of the envelope and says whether it is one that the broker writes.
    private mutating func member(
        _ name: JSONScanner.StringRange,
        _ scanner: inout JSONScanner,
        _ kind: DataKind?
    ) throws(JSONError) -> Bool {
        // An escaped name could hide a second 'seq' from us and show it to another reader.
        guard !name.isEscaped else { throw JSONError("an escape in a member's name", at: name.start) }
        try scanner.validate(name)
        if scanner.matches(name, "seq") {
            sequence = try scanner.integer().flatMap(UInt64.init(exactly:)) ?? 0
            return true
        }
        if scanner.matches(name, "ts_ns") {
            receiveTime = try scanner.integer() ?? 0
            return true
        }
        if scanner.matches(name, "msg_type") {
            let type = try scanner.stringRange()
            try scanner.validate(type)
            isMarketData =
                scanner.matches(type, "market_data") || scanner.matches(type, "bar_data")
                || scanner.matches(type, "tick_data") || scanner.matches(type, "trade_data")
                || scanner.matches(type, "order_book")
        } else if scanner.matches(name, "timestamp") {
            envelopeTime = try scanner.time()
        } else if scanner.matches(name, "payload") {
            try payload(&scanner, kind)
        } else {
            try scanner.skip()
        }
        return false
    }

    private mutating func payload(_ scanner: inout JSONScanner, _ kind: DataKind?) throws(JSONError) {
        // Where it stands twice, only the last one counts, as for every other reader.
        (symbol, dataType, payloadTime, dataTime, data, hasData) = (nil, nil, nil, nil, nil, false)
        var more = try scanner.beginObject()
        while more {
            let name = try scanner.key()
            if scanner.matches(name, "symbol") {
                let range = try scanner.stringRange()
                try scanner.validate(range)
                symbol = range
            } else if scanner.matches(name, "data_type") {
                let range = try scanner.stringRange()
                try scanner.validate(range)
                dataType = range
            } else if scanner.matches(name, "timestamp") {
                payloadTime = try scanner.time()
            } else if scanner.matches(name, "data") {
                hasData = true
                if let kind {
                    var fields = DataFields()
                    data = try fields.read(&scanner, kind)
                    dataTime = fields.timestamp
                } else {
                    guard try scanner.peek() == UInt8(ascii: "{") else {
                        throw JSONError("'data' that is not an object", at: scanner.offset)
                    }
                    try scanner.skip()
                }
            } else {
                try scanner.validate(name)
                try scanner.skip()
            }
            more = try scanner.nextMember()
        }
    }
}

extension JSONScanner {
    /// Reads an integer of up to 64 bits, or `nil` for `null`.
    mutating func integer() throws(JSONError) -> Int64? {
        if try takeNull() { return nil }
        let start = offset
        guard let value = try value().integerValue else { throw JSONError("not an integer", at: start) }
        return value
    }

    /// Reads a time in seconds as nanoseconds, or `nil` for anything else: the original protocol allows times as text, which we do
    /// not guess at.
    mutating func time() throws(JSONError) -> Int64? {
        let byte = try peek()
        guard byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") < 10 else {
            try skip()
            return nil
        }
        let start = offset
        guard let time = TimeFields.nanoseconds(seconds: try double()) else {
            throw JSONError("a time that is not in seconds since 1970", at: start)
        }
        return time
    }
}
