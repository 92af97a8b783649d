import WireProtocol

/// Prints journal entries or signals, all at once or as they come.
final class RecordPrinter {
    /// How records look.
    enum Format {
        /// Rows for people.
        case table(Table, (JSONValue, FieldText) -> [Table.Cell])
        /// An array, or one object a line where they never end.
        case json
        /// Comma-separated values of these fields.
        case csv([String])
    }

    private let output = Output()
    private let isEndless: Bool
    private let whenEmpty: String
    private var format: Format
    private var isFirst = true

    init(_ format: Format, isEndless: Bool, whenEmpty: String) {
        self.format = format
        self.isEndless = isEndless
        self.whenEmpty = whenEmpty
    }

    /// Prints records behind those that were printed before.
    func print(_ records: [JSONValue]) throws(CommandFailure) {
        switch format {
        case .json where isEndless:
            for record in records { try output.line(record.text) }
        case .json:
            for (index, record) in records.enumerated() {
                try output.text(isFirst && index == 0 ? "[" : ",\n")
                try output.text(record.text)
            }
        case .csv(let fields):
            if isFirst, !records.isEmpty { try output.line(fields.joined(separator: ",")) }
            for record in records { try output.line(CSVText.line(record, fields: fields)) }
        case .table(var table, let row):
            if records.isEmpty { return }
            let fields = FieldText()
            for line in table.lines(records.map { row($0, fields) }, isColoured: output.isColoured) {
                try output.line(line)
            }
            format = .table(table, row)
        }
        if !records.isEmpty { isFirst = false }
        try output.flush()
    }

    /// Says that there are no more.
    func finish() throws(CommandFailure) {
        switch format {
        case .json: try output.line(isFirst ? "[]" : "]")
        case .csv(let fields): if isFirst { try output.line(fields.joined(separator: ",")) }
        case .table: if isFirst { Diagnostics.print(whenEmpty) }
        }
        try output.flush()
    }
}
