import ArgumentParser
import Keys

/// `quantcell keys revoke`
struct KeysRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take a client's key back.",
        discussion: """
            From now on the client cannot connect, and its commands are refused. A connection that only reads, or only publishes, \
            stays until it ends: restart the manager where that matters.

            EXAMPLE
              quantcell keys revoke binance-feed
            """
    )

    @Argument(help: "The client's name.")
    var name: String

    @OptionGroup var options: KeyOptions

    func run() throws {
        let output = Output()
        do {
            let roles = try options.folder().revoke(name)
            try output.line("\(name) is no \(roles.map(\.rawValue).joined(separator: ", ")) any more")
        } catch let error as KeyError {
            throw error.failure
        }
        try output.flush()
    }
}
