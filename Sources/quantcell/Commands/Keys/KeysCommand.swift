import ArgumentParser
import Keys
import WireProtocol

/// `quantcell keys`
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list and revoke the keys by which clients connect over TCP.",
        discussion: """
            Over TCP the manager and its clients prove to each other who they are, and encrypt (CURVE). 'keys new' makes the \
            manager's own keys; with --role and --name also those of a client, in one file to be handed to it. A running \
            manager notices what is allowed and revoked. These commands work on the key folder itself: no manager is needed.

            Roles are publisher (send market data), observer (read market data and events, ask questions), operator (give \
            commands, and all that an observer may) and worker (be the worker of that name). Workers that the manager starts \
            need nothing: each process gets keys of its own.

            EXAMPLE
              quantcell keys new
              quantcell keys new --role publisher --name binance-feed
              quantcell keys list
              quantcell keys revoke binance-feed
            """,
        subcommands: [KeysNew.self, KeysList.self, KeysRevoke.self]
    )
}

/// Where the keys are.
struct KeyOptions: ParsableArguments {
    @Option(
        name: .customLong("keys-dir"),
        help: ArgumentHelp("The key folder (default: keys in the data folder).", valueName: "folder"),
        completion: .directory
    )
    var keyFolder: String?

    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "The manager's data folder (default: QUANTCELL_DATA_DIR, else below XDG_DATA_HOME).",
            valueName: "folder"
        ),
        completion: .directory
    )
    var dataFolder: String?

    // Every command takes it, so that scripts and aliases may always give it.
    @OptionGroup(visibility: .hidden) var manager: ManagerOptions

    func folder() throws(CommandFailure) -> KeyFolder {
        if let keyFolder { return KeyFolder(path: Path.absolute(keyFolder)) }
        return KeyFolder(path: Path.join(try DataFolder(flag: dataFolder).path, "keys"))
    }
}

/// A role as a user writes it.
struct RoleArgument: ExpressibleByArgument {
    let role: Role

    init?(argument: String) {
        guard let role = Role(rawValue: argument) else { return nil }
        self.role = role
    }

    static var allValueStrings: [String] { Role.allCases.map(\.rawValue) }
}

extension KeyError {
    /// As a command fails for it.
    var failure: CommandFailure { .badInput("\(self)") }
}
