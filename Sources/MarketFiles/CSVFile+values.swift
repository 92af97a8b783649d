import WireProtocol

/// The fields of the current record as values. An index is one below the number of fields.
extension CSVFile {
    /// A finite number in a field that must not be empty.
    func number(_ index: Int) throws(RowFault) -> Double {
        guard let value = withBytes(of: index, { NumberText.double($0) }) else {
            throw fault(index, "is not a number")
        }
        guard value.isFinite else { throw fault(index, "is not a finite number") }
        return value
    }

    /// A finite number; `nil` where there is no column or the field is empty.
    func optionalNumber(_ index: Int?) throws(RowFault) -> Double? {
        guard let index, !isEmpty(index) else { return nil }
        return try number(index)
    }

    /// A quantity, from 0, in a field that must not be empty.
    func quantity(_ index: Int) throws(RowFault) -> Double {
        let value = try number(index)
        guard value >= 0 else { throw fault(index, "is negative") }
        return value
    }

    /// A quantity, from 0; `nil` where there is no column or the field is empty.
    func optionalQuantity(_ index: Int?) throws(RowFault) -> Double? {
        guard let index, !isEmpty(index) else { return nil }
        return try quantity(index)
    }

    /// A whole number, from 0; `nil` where there is no column or the field is empty. `12.0` is whole.
    func optionalCount(_ index: Int?) throws(RowFault) -> UInt64? {
        guard let index, !isEmpty(index) else { return nil }
        guard let count = UInt64(exactly: try number(index)) else { throw fault(index, "is not a count") }
        return count
    }

    /// A time in nanoseconds since the Unix epoch, in a field that must not be empty.
    func time(_ index: Int) throws(RowFault) -> Int64 {
        guard let time = withBytes(of: index, { TimeText.nanoseconds($0) }) else { throw fault(index, "is not a time") }
        return time
    }

    /// A time in one field or in two, in nanoseconds since the Unix epoch.
    func time(_ columns: TimeColumns) throws(RowFault) -> Int64 {
        switch columns {
        case .one(let index):
            return try time(index)
        case .dateAndTime(let date, let time):
            guard let days = withBytes(of: date, { TimeText.days($0) }) else { throw fault(date, "is not a date") }
            guard let sum = withBytes(of: time, { TimeText.nanoseconds(timeOfDay: $0, days: days) }) else {
                throw fault(time, "is not a time of day")
            }
            return sum
        }
    }

    /// The side of a trade: `buy`, `sell` or their first letters, in any case; unknown where there is nothing.
    func side(_ index: Int?) throws(RowFault) -> TradeSide {
        guard let index else { return .unknown }
        switch text(index).lowercased() {
        case "buy", "b": return .buy
        case "sell", "s": return .sell
        case "unknown", "": return .unknown
        default: throw fault(index, "is neither buy nor sell")
        }
    }

    /// Printable ASCII text up to a length; empty where there is no column.
    func ascii(_ index: Int?, maxLength: Int) throws(RowFault) -> String {
        guard let index else { return "" }
        let text = text(index)
        guard text.utf8.count <= maxLength else { throw fault(index, "is longer than \(maxLength) characters") }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw fault(index, "is not plain ASCII") }
        return text
    }

    /// What to report of a field that is wrong; that it is empty comes before anything else.
    private func fault(_ index: Int, _ problem: String) -> RowFault {
        RowFault(column: index, problem: isEmpty(index) ? "no value" : "\(text(index).excerpt) \(problem)")
    }
}
