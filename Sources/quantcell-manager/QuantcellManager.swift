import ArgumentParser
import WireProtocol

/// The manager's command line.
@main
struct QuantcellManager: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantcell-manager",
        abstract: "Keeps trading strategies alive and feeds them market data.",
        discussion: """
            Start it, then talk to it with 'quantcell':

              quantcell-manager run --config config/quantcell.yaml
              quantcell list
            """,
        version: QuantCell.version,
        subcommands: [RunCommand.self, CheckConfigCommand.self]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            failure.exit()
        } catch {
            exit(withError: error)
        }
    }
}
