import ArgumentParser
import WireProtocol

/// `quantcell token`
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke the tokens that programs use over HTTP.",
        discussion: """
            The scopes: read (look at everything), operate (also start, stop and change workers, publish market data), admin (also \
            tokens).

            EXAMPLE
              TOKEN=$(quantcell token new --name ci --scope operate | tail -1)
              curl -H "authorization: Bearer $TOKEN" http://127.0.0.1:8090/api/v1/workers
            """,
        subcommands: [TokenNew.self, TokenList.self, TokenRevoke.self]
    )
}

/// What somebody with a token may do.
enum TokenScope: String, CaseIterable, ExpressibleByArgument {
    case read
    case operate
    case admin
}

/// `quantcell token new`
struct TokenNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a token; it is printed this once, alone on the last line.",
        discussion: """
            Only its hash is kept.

            EXAMPLE
              quantcell token new --name grafana --scope read | tail -1 > grafana.token
            """
    )

    @Option(help: "What it is called, in the journal too.")
    var name: String

    @Option(help: "What it may do.")
    var scope: TokenScope

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(
            .token,
            payload: ["op": "new", "name": .string(name), "scope": .string(scope.rawValue)]
        )
        let output = Output()
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            Diagnostics.note("token '\(name)' may \(scope.rawValue); it is not shown again")
            try output.line(answer["token"]?.stringValue ?? "")
        }
        try output.flush()
    }
}

/// `quantcell token list`
struct TokenList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the tokens that there are, by their names.",
        discussion: """
            EXAMPLE
              quantcell token list
            """
    )

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(.token, payload: ["op": "list"])
        let output = Output()
        let tokens = answer["tokens"]?.arrayValue ?? []
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else if tokens.isEmpty {
            Diagnostics.print("no tokens; make one with: quantcell token new --name NAME --scope read")
        } else {
            var table = Table([.text("NAME"), .text("SCOPE"), .text("MADE")])
            let fields = FieldText()
            let rows = tokens.map { token in
                [
                    Table.Cell(fields.plain(token["name"])), Table.Cell(fields.plain(token["scope"])),
                    Table.Cell(fields.relative(token["created_at"])),
                ]
            }
            for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
        }
        try output.flush()
    }
}

/// `quantcell token revoke`
struct TokenRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take a token away; whoever has it is refused from now on.",
        discussion: """
            EXAMPLE
              quantcell token revoke ci
            """
    )

    @Argument(help: "The token's name, as 'quantcell token list' shows it.")
    var name: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(.token, payload: ["op": "revoke", "name": .string(name)])
        let output = Output()
        try output.line(json ? WorkerCommand.result(answer).text : "\(PlainText.oneLine(name)) revoked")
        try output.flush()
    }
}
