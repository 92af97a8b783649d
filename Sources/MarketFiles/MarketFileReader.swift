package import WireProtocol

/// Reads a CSV file of bars, ticks, trades or quotes, row by row and with bounded memory.
///
/// Fields are separated by comma, semicolon or tab, whichever the first line has most of, and quoted as RFC 4180 says. Columns
/// are found by name, whatever the case and punctuation (``ColumnName`` lists the names); others are passed over. Needed are:
///
/// | kind | columns |
/// |---|---|
/// | bar | time, `open`, `high`, `low`, `close`, `volume`; if there: `open_time`, `turnover`, `trades` |
/// | tick | time, `price`; if there: `size`, `bid`, `ask`, `bid_size`, `ask_size` |
/// | trade | time, `price`, `size`; if there: `side`, `trade_id` |
/// | quote | time, `bid`, `ask`; if there: `bid_size`, `ask_size` |
///
/// Time is the first there is of `close_time`, `timestamp`, `event_time`, `datetime`, `ts`, `date` joined with `time`, `time`, `date`
/// and `open_time`; ``TimeText`` says how it may be written. A row that fails any check is reported and skipped, never repaired.
package struct MarketFileReader: ~Copyable, Sendable {
    /// What the file holds next.
    package enum Record: Hashable, Sendable {
        /// A row that passed every check.
        case row(MarketRow)
        /// A row that was skipped.
        case bad(BadRow)
    }

    /// The columns in the order of the file, as it names them or as they were given.
    package let columns: [String]

    private var file: CSVFile
    private let time: TimeColumns
    private let decoder: RowDecoder
    private var isFirstLineARow: Bool
    private var lastTime = Int64.min

    /// Opens a file and reads its header.
    ///
    /// The first line is a header if none of its fields is a number or a time.
    ///
    /// - Parameters:
    ///   - path: Path of the file.
    ///   - kind: What the rows are; any kind but depth.
    ///   - columns: Names of the columns in order, for a file without a header; they replace a header that is there. A name
    ///     that no kind knows, such as `-`, stands for a column to pass over.
    ///   - interval: Length of the bars as in ``BarData/interval``: at most 8 ASCII characters.
    /// - Throws: ``MarketFileError``, for a file that is missing or cannot be read, holds no text, or lacks a header or columns.
    package init(
        path: String,
        kind: DataKind,
        columns: [String]? = nil,
        interval: String = ""
    ) throws(MarketFileError) {
        guard interval.utf8.count <= 8, interval.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw MarketFileError(.unsupported, "the interval \(interval.excerpt) is longer than 8 ASCII characters")
        }
        var file = try CSVFile(path: path)
        guard !file.holdsNUL else {
            throw MarketFileError(.notText, "\(path) is not UTF-8 text; is it compressed?")
        }
        switch try file.advance() {
        case .record: break
        case .end: throw MarketFileError(.empty, "\(path) is empty")
        case .fault(let reason): throw MarketFileError(.badHeader, "\(path), line \(file.line): \(reason)")
        }

        let isFirstLineARow = file.holdsData
        if isFirstLineARow && columns == nil {
            throw MarketFileError(
                .noHeader,
                "\(path) has no header: its first line is data; say what the columns are, such as timestamp,bid,ask"
            )
        }
        let names = columns ?? file.texts
        guard names.allSatisfy({ !$0.unicodeScalars.contains("\u{FFFD}") }) else {
            throw MarketFileError(.notText, "\(path) is not UTF-8 text; save it as UTF-8")
        }
        var finder = ColumnFinder(path: path, names: names)
        let time = try finder.eventTime()
        let decoder = try RowDecoder(kind, in: &finder, interval: interval)
        try finder.checkNothingIsMissing(for: "\(kind)")
        self.columns = names
        self.time = time
        self.decoder = decoder
        self.isFirstLineARow = isFirstLineARow
        self.file = file
    }

    /// Size of the file in bytes when it was opened.
    package var fileSize: Int64 { file.fileSize }

    /// How many bytes of the file the rows so far have taken up; equals ``fileSize`` at the end.
    package var bytesRead: Int64 { file.bytesRead }

    /// Reads the next row.
    ///
    /// A row that is earlier than the last good row is bad; equal times are not.
    ///
    /// - Returns: `nil` at the end of the file.
    /// - Throws: `readFailed` when the system reports an error.
    package mutating func next() throws(MarketFileError) -> Record? {
        let item = isFirstLineARow ? .record : try file.advance()
        isFirstLineARow = false
        switch item {
        case .end: return nil
        case .fault(let reason): return .bad(BadRow(line: file.line, reason: reason))
        case .record: break
        }
        do throws(RowFault) {
            let row = try decode()
            lastTime = row.eventTime
            return .row(row)
        } catch {
            let place = error.column.map { " in column \(columns[$0].excerpt)" } ?? ""
            return .bad(BadRow(line: file.line, reason: error.problem + place))
        }
    }

    private func decode() throws(RowFault) -> MarketRow {
        guard file.fieldCount == columns.count else {
            throw RowFault(problem: "number of fields is \(file.fieldCount) instead of \(columns.count)")
        }
        let eventTime = try file.time(time)
        let payload = try decoder.payload(file, eventTime: eventTime)
        guard eventTime >= lastTime else {
            let (time, last) = (TimeText.iso8601(nanoseconds: eventTime), TimeText.iso8601(nanoseconds: lastTime))
            throw RowFault(problem: "time goes back to \(time) from \(last)")
        }
        return MarketRow(line: file.line, eventTime: eventTime, payload: payload)
    }
}

extension CSVFile {
    /// The fields of the current record as text.
    fileprivate var texts: [String] { (0..<fieldCount).map { text($0) } }

    /// Whether a field of the current record is a number or a time, which no column name is.
    fileprivate var holdsData: Bool {
        (0..<fieldCount).contains { index in
            withBytes(of: index) { NumberText.double($0) != nil || TimeText.nanoseconds($0) != nil }
        }
    }
}
