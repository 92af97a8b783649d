import ArgumentParser
import WireProtocol

/// `quantcell ping`
struct Ping: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask whether the manager is there, and who it is.",
        discussion: """
            EXAMPLE
              quantcell ping
              quantcell ping --json | jq -r .endpoints.feed
            """
    )

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(.ping)
        let output = Output()
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            for line in Block.lines(pairs(answer), isColoured: output.isColoured) { try output.line(line) }
        }
        try output.flush()
    }

    private func pairs(_ answer: JSONValue) -> [(key: String, value: Table.Cell)] {
        let fields = FieldText()
        let uptime = answer["uptime_seconds"]?.doubleValue.map { seconds in
            DurationText.short(nanoseconds: Int64(exactly: (seconds * 1e9).rounded()) ?? .max)
        }
        var pairs: [(key: String, value: Table.Cell)] = [
            ("version", Table.Cell(fields.plain(answer["version"]))),
            ("pid", Table.Cell(fields.plain(answer["pid"]))),
            ("uptime", Table.Cell(uptime ?? "-")),
            ("runtime dir", Table.Cell(fields.plain(answer["runtime_dir"]))),
            ("data dir", Table.Cell(fields.plain(answer["data_dir"]))),
            ("warm spares", Table.Cell(fields.count(answer["spares"]))),
            ("refused messages", Table.Cell(fields.count(answer["refused_messages"]))),
            ("stale messages", Table.Cell(fields.count(answer["stale_messages"]))),
        ]
        if let refused = answer["refused_connections"]?.integerValue, refused > 0 {
            pairs.append(("refused connections", Table.Cell(fields.count(answer["refused_connections"]))))
        }
        if answer["security"]?["insecure_tcp"]?.boolValue == true {
            let open = fields.plain(answer["security"]?["open_endpoints"])
            pairs.append(("INSECURE", Table.Cell("anybody who reaches them may use \(open)", colour: .red)))
        }
        if let lag = answer["loop_lag"] {
            func text(_ key: String) -> String {
                DurationText.short(nanoseconds: Int64(exactly: ((lag[key]?.doubleValue ?? 0) * 1e9).rounded()) ?? .max)
            }
            pairs.append(("loop lag", Table.Cell("\(text("last_seconds")), at worst \(text("worst_seconds"))")))
        }
        for (name, addresses) in (answer["endpoints"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            pairs.append((name, Table.Cell(fields.plain(addresses))))
        }
        return pairs
    }
}
