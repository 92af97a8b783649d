internal import Glibc
package import ZeroMQ

/// The folder with a manager's own keys and those of its clients.
///
/// - `manager.key`, `manager.key_secret`: the manager's own.
/// - `allowed/ROLE/NAME.key`: the public keys of those who may connect. A running manager notices what comes and goes.
/// - `issued/NAME.key_secret`: what was made for a client, to be handed to it.
package struct KeyFolder: Hashable, Sendable {
    /// A client that may connect.
    package struct Client: Hashable, Sendable {
        package let name: String
        package let roles: [Role]
        package let publicKey: CurveKey
    }

    /// How many clients there may be.
    static let maxClients = 10_000

    package let path: String

    package init(path: String) {
        self.path = path
    }

    package var managerFile: String { "\(path)/manager.key" }
    package var managerSecretFile: String { "\(path)/manager.key_secret" }
    /// Where the public keys of a role are.
    package func roleFolder(_ role: Role) -> String { "\(path)/allowed/\(role.rawValue)" }
    package func allowedFile(_ name: String, _ role: Role) -> String { "\(roleFolder(role))/\(name).key" }
    package func issuedFile(_ name: String) -> String { "\(path)/issued/\(name).key_secret" }

    /// Whether a name may be a client's: 1 to 64 of `A-Z a-z 0-9 . _ -`, not beginning with a dot.
    package static func isName(_ name: String) -> Bool {
        1...64 ~= name.utf8.count && !name.hasPrefix(".")
            && name.utf8.allSatisfy { byte in
                byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || "._-".utf8.contains(byte)
            }
    }

    // MARK: The manager's own

    /// The manager's keys; `nil` where none were made.
    ///
    /// - Throws: ``KeyError`` when the file cannot be used.
    package func managerKeys() throws(KeyError) -> CurveKeyPair? {
        guard access(managerSecretFile, F_OK) == 0 else { return nil }
        return try KeyFile(path: managerSecretFile).pair(from: managerSecretFile)
    }

    /// Makes the manager's keys where there are none. Returns them, and whether they are new.
    package func makeManagerKeys() throws(KeyError) -> (keys: CurveKeyPair, areNew: Bool) {
        try make("")
        if let keys = try managerKeys() { return (keys, false) }
        let keys = try Self.newPair()
        try KeyFile(publicKey: keys.publicKey, secretKey: keys.secretKey)
            .write(to: managerSecretFile, purpose: "QuantCell: the manager's secret key. It never leaves this machine.")
        try KeyFile(publicKey: keys.publicKey)
            .write(to: managerFile, purpose: "QuantCell: the manager's public key, for its clients.")
        return (keys, true)
    }

    // MARK: Clients

    /// Allows a client, whose keys are made here unless it has some.
    ///
    /// - Parameters:
    ///   - name: Its name (``isName(_:)``).
    ///   - roles: What it may do.
    ///   - publicKey: Its public key, where it has made its keys itself.
    /// - Returns: Its public key, and the file for it, where its keys were made here.
    /// - Throws: ``KeyError``, also when there is such a client already.
    package func allow(
        _ name: String,
        _ roles: [Role],
        publicKey: CurveKey? = nil
    ) throws(KeyError) -> (publicKey: CurveKey, file: String?) {
        guard Self.isName(name) else {
            throw KeyError("a name must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, and not begin with a dot")
        }
        guard try !clients().contains(where: { $0.name == name }) else {
            throw KeyError("there is a client '\(name)' already; revoke its key first, or choose another name")
        }
        let server = try makeManagerKeys().keys.publicKey
        for folder in ["allowed", "issued"] + roles.map({ "allowed/\($0.rawValue)" }) { try make(folder) }
        var file: String?
        var key = publicKey
        if key == nil {
            let keys = try Self.newPair()
            try KeyFile(publicKey: keys.publicKey, secretKey: keys.secretKey, serverKey: server)
                .write(to: issuedFile(name), purpose: "QuantCell: the keys of '\(name)', and its manager's public key.")
            (key, file) = (keys.publicKey, issuedFile(name))
        }
        guard let key else { throw KeyError("no key") }
        for role in roles {
            try KeyFile(publicKey: key)
                .write(to: allowedFile(name, role), purpose: "QuantCell: '\(name)' is a \(role.rawValue).")
        }
        return (key, file)
    }

    /// Takes a client's key back, and removes what was made for it. Returns the roles that it had.
    package func revoke(_ name: String) throws(KeyError) -> [Role] {
        guard Self.isName(name) else { throw KeyError("there is no client '\(name.prefix(64))'") }
        var roles: [Role] = []
        for role in Role.allCases {
            if unlink(allowedFile(name, role)) == 0 {
                roles.append(role)
            } else if errno != ENOENT, errno != ENOTDIR {
                throw KeyError.system("remove \(allowedFile(name, role))")
            }
        }
        guard !roles.isEmpty else { throw KeyError("there is no client '\(name)'; 'quantcell keys list' shows all") }
        guard unlink(issuedFile(name)) == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw KeyError.system("remove \(issuedFile(name))")
        }
        return roles
    }

    /// Who may connect, by name. A file that is no key is left out, and told to `onBadFile`.
    package func clients(onBadFile: (KeyError) -> Void = { _ in }) throws(KeyError) -> [Client] {
        var found: [String: (roles: [Role], key: CurveKey)] = [:]
        for role in Role.allCases {
            for name in try names(in: roleFolder(role)) {
                guard found.count < Self.maxClients else {
                    throw KeyError("\(path) holds more than \(Self.maxClients) keys")
                }
                do throws(KeyError) {
                    let key = try KeyFile(path: allowedFile(name, role)).publicKey
                    // One name, two keys: each counts for its own role.
                    if let other = found[name], other.key != key {
                        throw KeyError("\(allowedFile(name, role)) is another key than that of \(name) in another role")
                    }
                    found[name] = (roles: (found[name]?.roles ?? []) + [role], key: key)
                } catch {
                    onBadFile(error)
                }
            }
        }
        return found.map { Client(name: $0.key, roles: $0.value.roles, publicKey: $0.value.key) }
            .sorted { $0.name < $1.name }
    }

    private func names(in folder: String) throws(KeyError) -> [String] {
        guard let directory = opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw KeyError.system("read the folder \(folder)")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let file = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard file.hasSuffix(".key") else { continue }
            let name = String(file.dropLast(4))
            if Self.isName(name) { names.append(name) }
        }
        return names.sorted()
    }

    private func make(_ folder: String) throws(KeyError) {
        var built = ""
        for part in "\(path)/\(folder)".split(separator: "/") {
            built += "/\(part)"
            guard mkdir(built, 0o700) == 0 || errno == EEXIST else { throw KeyError.system("make the folder \(built)") }
        }
        var info = stat()
        guard stat(path, &info) == 0, info.st_uid == geteuid() || geteuid() == 0, chmod(path, 0o700) == 0 else {
            throw KeyError("the folder \(path) is not yours to keep keys in")
        }
    }

    private static func newPair() throws(KeyError) -> CurveKeyPair {
        do {
            return try CurveKeyPair.make()
        } catch {
            throw KeyError("\(error); this libzmq has no CURVE")
        }
    }
}
