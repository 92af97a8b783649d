/// Finds columns by name in a header, and keeps account of the needed ones that are not there.
struct ColumnFinder {
    /// Names of the needed columns that were not found.
    private(set) var missing: [String] = []

    private let path: String
    private let names: [String]
    private let normalized: [String]

    /// - Parameters:
    ///   - path: The file, for messages.
    ///   - names: The columns as the file names them, in order.
    init(path: String, names: [String]) {
        self.path = path
        self.names = names
        normalized = names.map(ColumnName.normalized)
    }

    /// Index of a column, or `nil` when the file does not have it.
    ///
    /// - Throws: `ambiguousColumn` when two columns have the name.
    func optional(_ column: ColumnName) throws(MarketFileError) -> Int? {
        for alias in column.aliases {
            guard let index = normalized.firstIndex(of: alias) else { continue }
            if normalized[(index + 1)...].contains(alias) {
                throw MarketFileError(.ambiguousColumn, "\(path): two columns are called \(names[index].excerpt)")
            }
            return index
        }
        return nil
    }

    /// Index of a column; when it is not there, it is added to ``missing`` and the index means nothing.
    ///
    /// - Throws: `ambiguousColumn` when two columns have the name.
    mutating func needed(_ column: ColumnName) throws(MarketFileError) -> Int {
        if let index = try optional(column) { return index }
        missing.append(column.name)
        return 0
    }

    /// Where the event time stands; when it is nowhere, that is added to ``missing``.
    ///
    /// - Throws: `ambiguousColumn` when two columns have the name.
    mutating func eventTime() throws(MarketFileError) -> TimeColumns {
        if let index = try optional(.eventTime) { return .one(index) }
        if let date = try optional(.date), let time = try optional(.timeOfDay) {
            return .dateAndTime(date: date, time: time)
        }
        if let index = try optional(.looseEventTime) { return .one(index) }
        missing.append("timestamp")
        return .one(0)
    }

    /// - Throws: `missingColumns` when a needed column was not found.
    func checkNothingIsMissing(for kind: String) throws(MarketFileError) {
        if missing.isEmpty { return }
        let shown = 20
        let found = names.prefix(shown).map(\.excerpt).joined(separator: ", ")
        let more = names.count > shown ? " and \(names.count - shown) more" : ""
        let wanted = missing.map { "'\($0)'" }.joined(separator: ", ")
        throw MarketFileError(
            .missingColumns,
            "\(path): a file of \(kind)s also needs \(missing.count == 1 ? "a column" : "columns") \(wanted); "
                + "it has \(found)\(more)"
        )
    }
}

/// Where the event time of a row stands.
enum TimeColumns {
    /// In one column.
    case one(Int)
    /// The date in one column and the time of day in another.
    case dateAndTime(date: Int, time: Int)
}
