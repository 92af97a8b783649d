import ArgumentParser
import WireProtocol

/// `quantcell params`
struct Params: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the parameters of a strategy, or change some of them while it runs.",
        discussion: """
            The strategy checks new values and may refuse them; then the old ones stay. What is accepted is kept over restarts \
            of strategy and manager.

            EXAMPLE
              quantcell params sma-btc
              quantcell params sma-btc fast=7 slow=21
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @Argument(help: ArgumentHelp("New values; one that is not JSON is text.", valueName: "key=value"))
    var changes: [String] = []

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for change in changes where Parameter(change) == nil {
            throw ValidationError("A parameter is changed by key=value, not '\(change)'.")
        }
    }

    func run() throws {
        let params = Dictionary(changes.compactMap(Parameter.init).map { ($0.key, $0.value) }) { $1 }
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(60))
        let answer = try client.ask(.params, workerID: id, payload: params.isEmpty ? [:] : ["params": .object(params)])
        guard let values = answer["params"]?.objectValue else {
            throw CommandFailure.badAnswer("the manager's answer to 'params' lacks 'params'")
        }
        let output = Output()
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            try printTable(values, answer["defaults"]?.objectValue, output)
        }
        try output.flush()
    }

    private func printTable(
        _ values: [String: JSONValue],
        _ defaults: [String: JSONValue]?,
        _ output: Output
    ) throws(CommandFailure) {
        if values.isEmpty { return Diagnostics.print("\(PlainText.oneLine(id)) has no parameters") }
        var table = Table([.text("PARAMETER"), .text("TYPE"), .text("VALUE"), .text("DEFAULT")])
        let rows = values.keys.sorted().map { key in
            let value = values[key] ?? .null
            let declared = defaults?[key]
            return [
                Table.Cell(key), Table.Cell(Self.type(declared ?? value)),
                Table.Cell(value.text, colour: declared.map { $0 == value ? nil : .bold } ?? nil),
                Table.Cell(declared?.text ?? "-"),
            ]
        }
        for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
    }

    private static func type(_ value: JSONValue) -> String {
        switch value {
        case .null: "-"
        case .bool: "true or false"
        case .integer: "whole number"
        case .number: "number"
        case .string: "text"
        case .array: "list"
        case .object: "object"
        }
    }
}
