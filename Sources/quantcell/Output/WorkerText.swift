import WireProtocol

/// A worker's status object for people.
enum WorkerText {
    private static let lastErrorLength = 60

    /// The columns of `quantcell list`.
    static let columns: [Table.Column] = [
        .text("ID"), .text("KIND"), .text("STATE"), .text("STRATEGY"), .text("SYMBOLS"), .text("DATA"), .number("PID"),
        .text("STARTED"),
        .text("HEARTBEAT"), .number("MESSAGES"), .number("SIGNALS"), .number("ERRORS"), .number("RESTARTS"),
        .text("LAST ERROR"),
    ]

    /// A row of `quantcell list`.
    static func row(_ worker: JSONValue, _ fields: FieldText) -> [Table.Cell] {
        [
            Table.Cell(fields.plain(worker["worker_id"])),
            Table.Cell(fields.plain(worker["kind"])),
            state(worker),
            Table.Cell(fields.plain(worker["strategy_name"])),
            Table.Cell(fields.plain(worker["symbols"])),
            Table.Cell(fields.plain(worker["data_types"])),
            Table.Cell(fields.plain(worker["pid"])),
            Table.Cell(fields.relative(worker["started_at"])),
            Table.Cell(fields.relative(worker["last_heartbeat"])),
            Table.Cell(fields.count(worker["messages_processed"])),
            Table.Cell(fields.count(worker["signals_emitted"])),
            Table.Cell(fields.count(worker["errors_count"])),
            Table.Cell(fields.count(worker["restarts"])),
            Table.Cell(PlainText.cut(worker["last_error"]?.stringValue ?? "", to: lastErrorLength)),
        ]
    }

    /// The pairs of `quantcell status`: every field that scripts get too, in an order for people.
    static func block(_ worker: JSONValue, _ fields: FieldText) -> [(key: String, value: Table.Cell)] {
        let names = [
            "worker_id", "kind", "state", "strategy_name", "strategy_path", "symbols", "data_types", "pid",
            "generation",
            "created_at",
            "started_at", "stopped_at", "last_heartbeat", "messages_processed", "signals_emitted", "errors_count",
            "restarts",
            "last_error", "last_error_time", "metadata",
        ]
        return names.map { name in
            let value = worker[name]
            let cell =
                switch name {
                case "state": state(worker)
                case "created_at", "started_at", "stopped_at", "last_heartbeat", "last_error_time":
                    Table.Cell(time(value, fields))
                case "messages_processed", "signals_emitted", "errors_count", "restarts":
                    Table.Cell(fields.count(value))
                case "last_error": Table.Cell(fields.plain(value), colour: .red)
                default: Table.Cell(fields.plain(value))
                }
            return (name.replacing("_", with: " "), cell)
        }
    }

    private static func state(_ worker: JSONValue) -> Table.Cell {
        let state = worker["state"]?.stringValue ?? "-"
        return Table.Cell(state, colour: Colour(state: state))
    }

    private static func time(_ value: JSONValue?, _ fields: FieldText) -> String {
        value?.stringValue == nil ? "-" : "\(fields.absolute(value)) UTC (\(fields.relative(value)))"
    }
}
