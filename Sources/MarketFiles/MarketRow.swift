package import WireProtocol

/// One row of a market-data file that passed every check.
package struct MarketRow: Hashable, Sendable {
    /// Line of the file on which the row starts, from 1; the header counts.
    package let line: Int
    /// When it happened, nanoseconds since the Unix epoch; never less than in the row before.
    package let eventTime: Int64
    /// The values.
    package let payload: MarketPayload
}

/// One row of a market-data file that was skipped.
package struct BadRow: Hashable, Sendable, CustomStringConvertible {
    /// Line of the file on which the row starts, from 1; the header counts.
    package let line: Int
    /// What is wrong with the row, such as `'abc' is not a number in column 'close'`.
    package let reason: String

    /// The reason with the line number, such as `line 17: 'abc' is not a number in column 'close'`.
    package var description: String { "line \(line): \(reason)" }
}

/// What makes a row a bad one.
struct RowFault: Error {
    /// Index of the column at fault; `nil` when it is the row as a whole.
    var column: Int?
    /// What is wrong, such that `in column …` can follow.
    let problem: String
}
