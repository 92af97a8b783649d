import ArgumentParser
import Keys
import WireProtocol
import ZeroMQ

/// `quantcell keys list`
struct KeysList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show whose keys are allowed, and the manager's own public key.",
        discussion: """
            EXAMPLE
              quantcell keys list
              quantcell keys list --json | jq -r .manager
            """
    )

    private static let columns: [Table.Column] = [.text("NAME"), .text("ROLES"), .text("PUBLIC KEY")]

    @OptionGroup var options: KeyOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let folder = try options.folder()
        let output = Output()
        do {
            let manager = try folder.managerKeys()?.publicKey.text
            let clients = try folder.clients { Diagnostics.print("quantcell: \($0)") }
            if json {
                let list = clients.map { client -> JSONValue in
                    [
                        "name": .string(client.name),
                        "roles": .array(client.roles.map { .string($0.rawValue) }),
                        "public_key": .string(client.publicKey.text),
                    ]
                }
                try output.line(JSONValue.object(["manager": JSONValue(manager), "clients": .array(list)]).text)
            } else {
                if manager == nil { Diagnostics.print("no keys in \(folder.path); make some with: quantcell keys new") }
                var table = Table(Self.columns)
                var rows = manager.map { [["manager", "-", $0].map { Table.Cell($0) }] } ?? []
                rows += clients.map { client in
                    [client.name, client.roles.map(\.rawValue).joined(separator: ","), client.publicKey.text]
                        .map { Table.Cell($0) }
                }
                if !rows.isEmpty {
                    for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
                }
            }
        } catch let error as KeyError {
            throw error.failure
        }
        try output.flush()
    }
}
