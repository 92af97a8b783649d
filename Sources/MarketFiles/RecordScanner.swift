/// Where a field's bytes stand.
struct Field {
    /// The bytes: without the quotes around them and, where there are none, without blanks around them.
    let bytes: Range<Int>
    /// Whether the bytes hold doubled quotes that stand for one.
    var hasDoubledQuotes = false
}

/// Splits bytes into the fields of one record, by RFC 4180.
///
/// A record ends at LF or CRLF outside quotes. Quotes count only where they open a field; elsewhere they are text.
struct RecordScanner {
    /// What a scan found.
    enum Outcome {
        /// A whole record up to `next`, over `newlines` line ends; `fault` says why its fields cannot be trusted.
        case record(next: Int, newlines: Int, fault: String?)
        /// The bytes end within the record.
        case incomplete(inQuotes: Bool)
        /// The bytes end where the record would start, and so does the file.
        case nothing
    }

    private enum QuoteEnd {
        case closed
        case textAfter
        case outOfBytes(inQuotes: Bool)
    }

    /// The byte between fields.
    let separator: UInt8
    /// Fields of the record that was scanned last.
    private(set) var fields: [Field] = []

    init(separator: UInt8) {
        self.separator = separator
    }

    /// Scans the record that starts at the first byte not consumed, without consuming it.
    mutating func scan(_ buffer: borrowing FileBuffer) -> Outcome {
        let bytes = buffer.bytes.span.extracting(0..<buffer.end)
        let start = buffer.start
        let isLast = buffer.reachedEnd
        fields.removeAll(keepingCapacity: true)
        var position = start
        var fieldStart = start
        var quoted: Field?
        var newlines = 0
        var fault: String?
        if start == bytes.count && isLast { return .nothing }

        while position < bytes.count {
            let byte = bytes[position]
            if byte == separator {
                fields.append(quoted ?? Self.trimmed(fieldStart..<position, in: bytes))
                position += 1
                fieldStart = position
                quoted = nil
            } else if byte == .newline {
                fields.append(quoted ?? Self.trimmed(fieldStart..<position, in: bytes))
                return .record(next: position + 1, newlines: newlines + 1, fault: fault)
            } else if byte == .quote && position == fieldStart {
                var field = Field(bytes: position..<position)
                switch scanQuoted(bytes, &position, &newlines, isLast, &field) {
                case .closed: quoted = field
                case .textAfter: fault = fault ?? "text after the closing quote of field \(fields.count + 1)"
                case .outOfBytes(let inQuotes): return .incomplete(inQuotes: inQuotes)
                }
            } else {
                position += 1
            }
        }
        guard isLast else { return .incomplete(inQuotes: false) }
        fields.append(quoted ?? Self.trimmed(fieldStart..<position, in: bytes))
        return .record(next: position, newlines: newlines, fault: fault)
    }

    /// Scans from an opening quote to the separator, LF or end of file that ends the field.
    private func scanQuoted(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        _ newlines: inout Int,
        _ isLast: Bool,
        _ field: inout Field
    ) -> QuoteEnd {
        let start = position + 1
        position = start
        var hasDoubledQuotes = false
        while true {
            guard position < bytes.count else { return .outOfBytes(inQuotes: true) }
            if bytes[position] == .quote {
                guard position + 1 < bytes.count, bytes[position + 1] == .quote else { break }
                hasDoubledQuotes = true
                position += 1
            } else if bytes[position] == .newline {
                newlines += 1
            }
            position += 1
        }
        field = Field(bytes: start..<position, hasDoubledQuotes: hasDoubledQuotes)
        position += 1

        if position < bytes.count, bytes[position] == .carriageReturn {
            // Only a line end may follow: stand on its LF.
            let next = position + 1
            if next == bytes.count || bytes[next] == .newline { position = next }
        }
        guard position < bytes.count else { return isLast ? .closed : .outOfBytes(inQuotes: false) }
        return bytes[position] == separator || bytes[position] == .newline ? .closed : .textAfter
    }

    /// A field without quotes, and without the blanks around it or the CR of a CRLF.
    private static func trimmed(_ range: Range<Int>, in bytes: Span<UInt8>) -> Field {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isBlank(bytes[lower]) { lower += 1 }
        while lower < upper, isBlank(bytes[upper - 1]) { upper -= 1 }
        return Field(bytes: lower..<upper)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == .space || byte == .tab || byte == .carriageReturn
    }
}
