import WireProtocol

/// The answer to `topics` as a table.
enum TopicsText {
    private static let columns: [Table.Column] = [
        .text("TOPIC"), .number("SEQUENCE"), .number("RECEIVED"), .number("REFUSED"), .number("PUBLISHED"),
        .number("RECORDED"), .number("DISORDER"), .number("SUBSCRIBERS"), .text("LAST"),
    ]

    static func lines(_ answer: JSONValue, isColoured: Bool) -> [String] {
        let fields = FieldText()
        let rows = (answer["topics"]?.arrayValue ?? []).map { topic in
            let isOff = topic["is_recorded"]?.boolValue == false
            let disorder = ["out_of_order", "late"].reduce(0) { $0 + (topic[$1]?.integerValue ?? 0) }
            return [Table.Cell(fields.plain(topic["topic"]))]
                + ["sequence", "received", "refused", "published"].map { Table.Cell(fields.count(topic[$0])) }
                + [
                    Table.Cell(isOff ? "off" : fields.count(topic["recorded"])),
                    Table.Cell(fields.count(.integer(disorder))), Table.Cell(fields.count(topic["subscribers"])),
                    Table.Cell(fields.relative(topic["last_time"])),
                ]
        }
        var table = Table(columns)
        return table.lines(rows, isColoured: isColoured)
    }
}
