import ArgumentParser
import Keys
import ZeroMQ

/// `quantcell keys new`
struct KeysNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make the manager's keys or, with a role and a name, those of a client.",
        discussion: """
            The last line is the public key: the manager's, or the client's. The file that is made for a client holds its \
            secret, and the manager's public key; hand it over by a way that nobody listens in on, and delete it here. A client \
            that made its keys itself needs no such file: give its public key.

            EXAMPLE
              quantcell keys new
              quantcell keys new --role operator --name desk
              quantcell ping --connect tcp://10.0.0.5 --key-file desk.key_secret
              quantcell keys new --role publisher --role observer --name feed-2 --public-key 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'
            """
    )

    @Option(help: ArgumentHelp("What the client may do; may be given several times.", valueName: "role"))
    var role: [RoleArgument] = []

    @Option(help: ArgumentHelp("The client's name, for the list and the journal.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("The client's own public key, 40 characters of Z85.", valueName: "key"))
    var publicKey: String?

    @OptionGroup var options: KeyOptions

    func validate() throws {
        guard role.isEmpty == (name == nil) else { throw ValidationError("--role and --name belong together.") }
        if publicKey != nil, name == nil { throw ValidationError("--public-key needs --role and --name.") }
        if let publicKey, CurveKey(publicKey) == nil {
            throw ValidationError("--public-key must be 40 characters of Z85.")
        }
    }

    func run() throws {
        let folder = try options.folder()
        let output = Output()
        do {
            let (manager, areNew) = try folder.makeManagerKeys()
            if areNew { Diagnostics.print("made the manager's keys: \(folder.managerSecretFile)") }
            if let name {
                var roles: [Role] = []
                for role in role.map(\.role) where !roles.contains(role) { roles.append(role) }
                let (key, file) = try folder.allow(name, roles, publicKey: publicKey.flatMap { CurveKey($0) })
                if let file { Diagnostics.print("for \(name): \(file)") }
                try output.line(key.text)
            } else {
                try output.line(manager.publicKey.text)
            }
        } catch let error as KeyError {
            throw error.failure
        }
        try output.flush()
    }
}
