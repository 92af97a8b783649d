internal import Glibc
internal import Keys
internal import Logging
internal import Synchronization
internal import ZeroMQ

/// Who is let in where. Any thread may ask.
///
/// Over ipc the kernel says which user connects; over TCP the peer has to prove that it has the secret of a key that is allowed. The keys
/// of clients are read from the key folder again whenever something has come or gone there; those of workers come with their processes.
final class GuestList: Sendable {
    /// What becomes of a connection.
    enum Verdict: Hashable {
        case admitted(Speaker)
        /// Not, and why: for the log, never for the peer.
        case refused(String)
    }

    /// Where a client has connected, and from which address; `nil` for one of more than are remembered.
    struct Place: Hashable {
        let endpoint: String
        let address: String?
    }

    /// A client, and the places that its key opened once and opens no more.
    struct Revoked: Hashable {
        let name: String
        let places: Set<Place>
    }

    /// How many places of one client are told apart.
    private static let maxPlaces = 64

    private struct State {
        /// Where clients have connected since the start, by their keys.
        var admitted: [CurveKey: (name: String, places: Set<Place>)] = [:]
        var clients: [CurveKey: (name: String, roles: [Role])] = [:]
        var stamp: KeyFolder.Stamp?
        /// The identities of the processes that the manager has spawned, by their public keys.
        var workers: [CurveKey: String] = [:]
        var workerKeys: [String: CurveKey] = [:]
        /// The key of the user of this machine, and who that is.
        var local: (key: CurveKey, uid: UInt32)?
    }

    /// Which users of this machine may connect over ipc.
    let users: Set<UInt32>
    /// Whether TCP is open to everybody.
    let isTCPOpen: Bool
    private let folder: KeyFolder
    private let logger: Logger
    private let state = Mutex(State())
    private let refused = Atomic<Int>(0)

    init(folder: KeyFolder, users: Set<UInt32>, isTCPOpen: Bool, logger: Logger) {
        self.folder = folder
        self.users = users
        self.isTCPOpen = isTCPOpen
        self.logger = logger
    }

    /// Lets the process with that identity in, as itself only.
    func admit(worker identity: String, _ key: CurveKey) {
        state.withLock { state in
            state.workers[key] = identity
            state.workerKeys[identity] = key
        }
    }

    /// The process is gone: its key opens nothing any more.
    func forget(worker identity: String) {
        state.withLock { state in
            if let key = state.workerKeys.removeValue(forKey: identity) { state.workers[key] = nil }
        }
    }

    /// Lets the user of this machine in everywhere, as over ipc.
    func admit(local key: CurveKey, uid: UInt32) {
        state.withLock { $0.local = (key, uid) }
    }

    /// Whether a connection is let in, and as whom.
    func verdict(on request: ZAPRequest) -> Verdict {
        switch request.proof {
        case .none:
            if let peer = request.localPeer {
                guard users.contains(peer.uid) else {
                    return .refused("user \(peer.uid) (process \(peer.pid)) is not in security.allowed_users")
                }
                return .admitted(.local(uid: peer.uid, pid: peer.pid, session: max(getsid(peer.pid), 0)))
            }
            // A Unix socket whose peer the kernel does not name is nobody's.
            guard isTCPOpen, request.address.contains(where: { $0 == "." || $0 == ":" }) else {
                return .refused("no proof of who it is")
            }
            return .admitted(.anonymous)
        case .curve(let bytes):
            guard let key = CurveKey(bytes: bytes) else { return .refused("no key") }
            return verdict(on: key, at: request.endpoint, from: request.address)
        }
    }

    private func verdict(on key: CurveKey, at endpoint: String, from address: String) -> Verdict {
        state.withLock { state in
            if let identity = state.workers[key] {
                guard Role.worker.opens(endpoint) else {
                    return .refused("the key of worker \(identity) does not open it")
                }
                return .admitted(.worker(identity: identity))
            }
            if let local = state.local, local.key == key {
                return .admitted(.local(uid: local.uid, pid: 0, session: 0))
            }
            refresh(&state)
            guard let client = state.clients[key] else {
                return .refused("the key \(key.text) is not allowed; see 'quantcell keys list'")
            }
            guard client.roles.contains(where: { $0.opens(endpoint) }) else {
                let roles = client.roles.map(\.rawValue).joined(separator: ", ")
                return .refused("'\(client.name)' is \(roles), which does not open it")
            }
            var places = state.admitted[key]?.places ?? []
            places.insert(Place(endpoint: endpoint, address: places.count < Self.maxPlaces ? address : nil))
            state.admitted[key] = (client.name, places)
            return .admitted(.client(name: client.name, roles: client.roles))
        }
    }

    /// Whether clients with keys have connected.
    var hasClients: Bool { state.withLock { !$0.admitted.isEmpty } }

    /// The clients whose key, or a role of it, was taken back since they have connected; each is told once.
    func takeRevoked() -> [Revoked] {
        state.withLock { state in
            refresh(&state)
            let admitted = state.admitted
            return admitted.compactMap { key, client in
                let roles = state.clients[key]?.roles ?? []
                let places = client.places.filter { place in !roles.contains { $0.opens(place.endpoint) } }
                guard !places.isEmpty else { return nil }
                state.admitted[key]?.places.subtract(places)
                if places.count == client.places.count { state.admitted[key] = nil }
                return Revoked(name: client.name, places: places)
            }
        }
    }

    /// The roles that a client has now; none for one whose key was taken back since it has connected.
    func roles(of name: String) -> [Role] {
        state.withLock { state in
            refresh(&state)
            return state.clients.values.first { $0.name == name }?.roles ?? []
        }
    }

    /// Connections that were not let in.
    var refusedConnections: Int { refused.load(ordering: .relaxed) }

    func countRefused() { refused.wrappingAdd(1, ordering: .relaxed) }

    private func refresh(_ state: inout State) {
        let stamp = folder.stamp()
        guard stamp.isFresh || stamp != state.stamp else { return }
        state.stamp = stamp
        do {
            var problems: [KeyError] = []
            let clients = try folder.clients { problems.append($0) }
            for problem in problems { logger.warning("a key does not count: \(problem)") }
            state.clients = Dictionary(clients.map { ($0.publicKey, ($0.name, $0.roles)) }) { first, _ in first }
        } catch {
            // Who was allowed may have been taken off the list that cannot be read: nobody is let in by it.
            state.clients = [:]
            logger.error("the list of allowed keys cannot be read: \(error)")
        }
    }
}
