internal import Glibc
internal import Keys
internal import Logging
internal import ProcessControl
internal import WireProtocol
internal import ZeroMQ

/// How the manager's endpoints are guarded: what is decided before any of them is bound.
struct Door {
    /// Given to every socket that is bound.
    let socketGuard: SocketGuard
    let guests: GuestList
    /// `nil` where no worker connects over TCP with keys.
    let workerKeys: WorkerKeys?
    /// The endpoints that anybody may connect to who reaches their address.
    let openEndpoints: [String]
    /// The endpoints with addresses that demand a key.
    let lockedEndpoints: [String]
    /// The TCP ports of each endpoint; an address that leaves its port to the system has none that is known.
    let ports: [String: Set<UInt16>]
    /// Where the key of this machine's user is, for TCP on the same machine.
    private let localKeyPath: String

    /// - Throws: ``SettingsError`` when an endpoint would be open to everybody and nobody said that it may; ``KeyError`` when the manager's
    ///   keys cannot be read.
    static func open(
        settings: Settings,
        endpoints: Endpoints,
        folders: Folders,
        logger: Logger
    ) throws -> Door {
        let keys = KeyFolder(
            path: settings.security.keysDir.isEmpty ? "\(folders.data)/keys" : settings.security.keysDir
        )
        let network = endpoints.all.filter { $0.addresses.contains { $0.hasPrefix("tcp://") } }.map(\.name)
        let isOpen = settings.security.insecureTCP
        let manager = network.isEmpty || isOpen ? nil : try keys.managerKeys()
        if !network.isEmpty, !isOpen, manager == nil {
            throw SettingsError(
                network.map { name in
                    .init(
                        "manager.endpoints.\(name) is a TCP address, which anybody could use who reaches it: make keys with "
                            + "'quantcell keys new --keys-dir \(keys.path)', or set security.insecure_tcp",
                        path: "manager.endpoints.\(name)"
                    )
                }
            )
        }
        return Door(
            socketGuard: SocketGuard(secretKey: manager?.secretKey),
            guests: GuestList(
                folder: keys,
                users: try settings.localUsers(),
                isTCPOpen: isOpen,
                logger: logger
            ),
            workerKeys: manager.map(WorkerKeys.init),
            openEndpoints: isOpen ? network : [],
            lockedEndpoints: isOpen ? [] : network,
            ports: endpoints.tcpPorts,
            localKeyPath: "\(folders.runtime)/local.key_secret"
        )
    }

    /// Writes the key by which the user of this machine uses TCP endpoints, as they would ipc: into the folder that only they can read.
    func writeLocalKey() throws {
        unlink(localKeyPath)
        guard let workerKeys else { return }
        let pair = try CurveKeyPair.make()
        try KeyFile(publicKey: pair.publicKey, secretKey: pair.secretKey, serverKey: workerKeys.serverKey)
            .write(to: localKeyPath, purpose: "QuantCell: for this user on this machine, while this manager runs.")
        guests.admit(local: pair.publicKey, uid: geteuid())
    }

    /// Removes that key.
    func removeLocalKey() { unlink(localKeyPath) }

    /// For `ping`: what is guarded how.
    var json: JSONValue {
        [
            "insecure_tcp": .bool(!openEndpoints.isEmpty),
            "open_endpoints": .array(openEndpoints.map(JSONValue.string)),
            "curve_endpoints": .array(lockedEndpoints.map(JSONValue.string)),
            "server_key": JSONValue(workerKeys?.serverKey.text),
        ]
    }
}

extension Endpoints {
    /// Every endpoint, by name.
    var all: [(name: String, addresses: [String])] {
        [
            ("data", data), ("control", control), ("status", status), ("feed", feed), ("admin", admin),
            ("events", events),
            ("history", history), ("publish", publish),
        ]
    }
}

extension Endpoints {
    /// The TCP ports of each endpoint, by name.
    fileprivate var tcpPorts: [String: Set<UInt16>] {
        Dictionary(
            uniqueKeysWithValues: all.map { name, addresses in
                let ports = addresses.filter { $0.hasPrefix("tcp://") }
                    .compactMap { $0.split(separator: ":").last.flatMap { UInt16($0) } }.filter { $0 > 0 }
                return (name, Set(ports))
            }
        )
    }
}

extension Settings {
    /// The users of this machine who may connect over ipc: the manager's own, root, those in the list, and those that workers run as.
    ///
    /// - Throws: ``SettingsError`` for a name that the system does not know.
    func localUsers() throws(SettingsError) -> Set<UInt32> {
        var users: Set<UInt32> = [geteuid(), 0]
        for (index, name) in security.allowedUsers.enumerated() {
            guard let uid = UInt32(name) ?? ProcessUser.named(name)?.uid else {
                let path = "security.allowed_users[\(index)]"
                throw SettingsError([.init("\(path): there is no user '\(name.printable)' on this machine", path: path)]
                )
            }
            users.insert(uid)
        }
        // One that does not exist is told when its worker starts.
        let ofWorkers = [supervisor.limits.user] + strategies.map { $0.limits?.user ?? "" }
        users.formUnion(ofWorkers.filter { !$0.isEmpty }.compactMap { UInt32($0) ?? ProcessUser.named($0)?.uid })
        return users
    }
}
