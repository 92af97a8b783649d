/// A CSV file read record by record, with bounded memory, and the fields of the current record.
struct CSVFile: ~Copyable, Sendable {
    /// What ``advance()`` found.
    enum Item {
        /// A record; its fields can be asked for until the next call.
        case record
        /// Lines that are no record, and why.
        case fault(String)
        /// Nothing more.
        case end
    }

    /// Line on which the current record starts, from 1.
    private(set) var line = 0

    private var buffer: FileBuffer
    private var scanner: RecordScanner
    private var nextLine = 1

    /// Opens a file, steps over a byte order mark and tells comma, semicolon and tab apart by the first line with text.
    ///
    /// - Throws: `missing`, `isFolder`, `unreadable`, `readFailed`.
    init(path: String) throws(MarketFileError) {
        var buffer = try FileBuffer(path: path)
        while buffer.canRefill { try buffer.refill() }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if buffer.bytes[..<buffer.end].starts(with: byteOrderMark) {
            buffer.consume(upTo: byteOrderMark.count)
        }
        scanner = RecordScanner(separator: Self.separator(of: buffer.bytes[buffer.start..<buffer.end]))
        self.buffer = buffer
    }

    /// Size of the file in bytes when it was opened.
    var fileSize: Int64 { buffer.fileSize }
    /// How many bytes of the file have been gone through.
    var bytesRead: Int64 { buffer.bytesConsumed }
    /// Number of fields of the current record.
    var fieldCount: Int { scanner.fields.count }

    /// Goes to the next record; blank lines are passed over.
    ///
    /// A record that is longer than 64 KiB, or whose quotes are still open after 64 KiB or at the end of the file, is a fault
    /// of its first line, and reading goes on with the line after that: a stray quote costs one line, not the rest.
    ///
    /// - Throws: `readFailed`.
    mutating func advance() throws(MarketFileError) -> Item {
        while true {
            switch scanner.scan(buffer) {
            case .nothing:
                return .end
            case .record(let next, let newlines, let fault):
                line = nextLine
                nextLine += newlines
                buffer.consume(upTo: next)
                if let fault { return .fault(fault) }
                let isBlank = fieldCount == 1 && isEmpty(0)
                if !isBlank { return .record }
            case .incomplete where buffer.canRefill:
                try buffer.refill()
            case .incomplete(let inQuotes):
                line = nextLine
                try skipLine()
                return .fault(inQuotes ? "a quote is not closed" : "longer than \(FileBuffer.capacity) bytes")
            }
        }
    }

    /// Whether a field of the current record is empty.
    func isEmpty(_ index: Int) -> Bool {
        scanner.fields[index].bytes.isEmpty
    }

    /// The bytes of a field of the current record, where doubled quotes still stand twice.
    func withBytes<Result>(of index: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        body(buffer.bytes.span.extracting(scanner.fields[index].bytes))
    }

    /// The text of a field of the current record; bytes that are not UTF-8 become U+FFFD.
    func text(_ index: Int) -> String {
        let field = scanner.fields[index]
        let bytes = buffer.bytes[field.bytes]
        guard field.hasDoubledQuotes else { return String(decoding: bytes, as: UTF8.self) }
        var plain: [UInt8] = []
        var position = bytes.startIndex
        while position < bytes.endIndex {
            plain.append(bytes[position])
            position += bytes[position] == .quote ? 2 : 1
        }
        return String(decoding: plain, as: UTF8.self)
    }

    /// Whether the window holds a NUL, which no text does, but compressed files and UTF-16 do.
    var holdsNUL: Bool { buffer.bytes[..<buffer.end].contains(0) }

    private mutating func skipLine() throws(MarketFileError) {
        while true {
            if let end = buffer.bytes[buffer.start..<buffer.end].firstIndex(of: .newline) {
                buffer.consume(upTo: end + 1)
                nextLine += 1
                return
            }
            buffer.consume(upTo: buffer.end)
            if buffer.reachedEnd { return }
            try buffer.refill()
        }
    }

    /// The most frequent of tab, semicolon and comma in the first line with text; comma where there is none.
    private static func separator(of bytes: ArraySlice<UInt8>) -> UInt8 {
        let blanks: [UInt8] = [.space, .tab, .carriageReturn, .newline]
        let line = bytes.drop { blanks.contains($0) }.prefix { $0 != .newline }
        var best: (byte: UInt8, count: Int) = (.comma, 0)
        for byte: UInt8 in [.tab, .semicolon, .comma] {
            let count = line.count { $0 == byte }
            if count > best.count { best = (byte, count) }
        }
        return best.byte
    }
}
