package import WireProtocol

/// A message as the database has it.
package struct RecordedRow: Hashable, Sendable {
    /// What it says.
    package enum Content: Hashable, Sendable {
        /// A bar or a tick; and the members of its data that have no column, as a JSON object.
        case columns(MarketPayload, extra: String?)
        /// The data of any other kind, as JSON.
        case json(String)
    }

    package let sequence: UInt64
    /// Place in the order of arrival over all topics.
    package let position: UInt64
    /// Nanoseconds since the Unix epoch.
    package let eventTime: Int64
    /// Nanoseconds since the Unix epoch.
    package let receiveTime: Int64
    /// Who published it, where it says so.
    package let source: String?
    package let content: Content

    init(_ row: Statement, _ table: RowTable) {
        sequence = row.unsigned(1)
        position = row.unsigned(2)
        eventTime = row.integer(3)
        receiveTime = row.integer(4)
        source = row.optionalText(table.sourceColumn)
        content =
            if let payload = RowReader.payload(row, table) {
                .columns(payload, extra: row.optionalText(table.formatColumn + 2))
            } else {
                .json(row.text(7))
            }
    }
}
