internal import WireProtocol

/// What a JSON body says besides what a ``MarketEvent`` holds: its source, which members of the data were there, and those that have
/// no column.
struct BodyFacts {
    private(set) var format = BodyFormat.json
    private(set) var source: String?
    /// Members of the data without a column, `"name":value` behind each other with commas.
    private(set) var extra = JSONWriter()
    /// Where the data lies in the body.
    private(set) var data = 0..<0

    /// Reads a body that has been checked.
    ///
    /// - Parameter table: Where its topic is kept.
    mutating func read(_ body: UnsafeRawBufferPointer, for table: RowTable) throws(JSONError) {
        (format, source, data) = (.json, nil, 0..<0)
        extra.removeAll()
        var scanner = JSONScanner(body)
        var more = try scanner.beginObject()
        while more {
            let name = try scanner.key()
            if scanner.matches(name, "payload") {
                try payload(&scanner, table)
            } else {
                try scanner.skip()
            }
            more = try scanner.nextMember()
        }
    }

    private mutating func payload(_ scanner: inout JSONScanner, _ table: RowTable) throws(JSONError) {
        // Where it stands twice, only the last one counts.
        (format, source, data) = (.json, nil, 0..<0)
        extra.removeAll()
        var more = try scanner.beginObject()
        while more {
            let name = try scanner.key()
            let first = try scanner.peek()
            if scanner.matches(name, "source"), first == UInt8(ascii: "\"") {
                source = try scanner.text(scanner.stringRange())
            } else if scanner.matches(name, "data") {
                let start = scanner.offset
                if table == .messages { try scanner.skip() } else { try members(&scanner, table) }
                data = start..<scanner.offset
            } else {
                try scanner.skip()
            }
            more = try scanner.nextMember()
        }
    }

    private mutating func members(_ scanner: inout JSONScanner, _ table: RowTable) throws(JSONError) {
        format = .json
        extra.removeAll()
        var more = try scanner.beginObject()
        while more {
            _ = try scanner.peek()
            let start = scanner.offset
            let name = try scanner.key()
            let first = try scanner.peek()
            let valueStart = scanner.offset
            try scanner.skip()
            let value = UnsafeRawBufferPointer(rebasing: scanner.bytes[valueStart..<scanner.offset])
            if !hasColumn(scanner, name, table, first, value) {
                if !extra.bytes.isEmpty { extra.raw(",") }
                extra.raw(UnsafeRawBufferPointer(rebasing: scanner.bytes[start..<scanner.offset]))
            }
            more = try scanner.nextMember()
        }
    }

    /// Whether a member's value is kept in a column; notes that it was there.
    private mutating func hasColumn(
        _ scanner: JSONScanner,
        _ name: JSONScanner.StringRange,
        _ table: RowTable,
        _ first: UInt8,
        _ value: UnsafeRawBufferPointer
    ) -> Bool {
        if scanner.matches(name, "timestamp") { return note(.timestamp, ifNumber: first) }
        guard table == .bars else {
            return Self.tickColumns.contains { scanner.matches(name, $0) }
        }
        if Self.barColumns.contains(where: { scanner.matches(name, $0) }) { return true }
        // What a source does not know is as good as absent.
        let isNull = first == UInt8(ascii: "n")
        if scanner.matches(name, "closed") {
            if !isNull { format.insert(.closed) }
        } else if scanner.matches(name, "turnover") {
            if !isNull { format.insert(.turnover) }
        } else if scanner.matches(name, "interval") {
            if !isNull { format.insert(.interval) }
        } else if scanner.matches(name, "trades") {
            guard !isNull else { return true }
            var number = JSONScanner(value)
            guard let trades = try? number.double(), UInt64(exactly: trades) != nil else { return false }
            format.insert(.trades)
        } else if scanner.matches(name, "open_time") {
            return note(.openTime, ifNumber: first)
        } else {
            return false
        }
        return true
    }

    /// A time is a number; one that is written as text is not guessed at, and kept as it is.
    private mutating func note(_ member: BodyFormat, ifNumber first: UInt8) -> Bool {
        guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else { return false }
        format.insert(member)
        return true
    }

    private static let barColumns: [StaticString] = ["open", "high", "low", "close", "volume"]
    private static let tickColumns: [StaticString] = ["price", "size", "bid", "ask", "bid_size", "ask_size"]
}
