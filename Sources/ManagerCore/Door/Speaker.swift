internal import Keys

/// Who is at the other end of a connection, as the door has found out; every message carries it as its `User-Id`.
enum Speaker: Hashable {
    /// A process of this machine over ipc, and the session that it belongs to: a worker leads one, and what it starts is in it.
    case local(uid: UInt32, pid: Int32, session: Int32)
    /// The process that the manager has spawned with this identity, by the keys that it was given.
    case worker(identity: String)
    /// A client from the list of allowed keys, or the user of the manager's own machine.
    case client(name: String, roles: [Role])
    /// Anybody, over TCP without keys.
    case anonymous

    /// As a message's `User-Id`, which the peer cannot choose.
    var userID: String {
        switch self {
        case .local(let uid, let pid, let session): "uid:\(uid) \(pid) \(session)"
        case .worker(let identity): "worker:\(identity)"
        case .client(let name, let roles): "key:\(name) \(roles.map(\.rawValue).joined(separator: ","))"
        case .anonymous: "anonymous"
        }
    }

    /// - Parameter userID: What the door has said; anybody, where it was not asked.
    init(userID: String?) {
        let text = userID ?? ""
        let words = text.split(separator: " ")
        if let first = words.first, first.hasPrefix("uid:"), words.count == 3, let uid = UInt32(first.dropFirst(4)),
            let pid = Int32(words[1]), let session = Int32(words[2])
        {
            self = .local(uid: uid, pid: pid, session: session)
        } else if text.hasPrefix("worker:") {
            self = .worker(identity: String(text.dropFirst(7)))
        } else if let first = words.first, first.hasPrefix("key:") {
            let roles = words.dropFirst().joined().split(separator: ",").compactMap { Role(rawValue: String($0)) }
            self = .client(name: String(first.dropFirst(4)), roles: roles)
        } else {
            self = .anonymous
        }
    }

    /// As the journal says who gave a command.
    var who: String {
        switch self {
        case .local(let uid, _, _): "uid:\(uid)"
        case .worker(let identity): "worker:\(identity)"
        case .client(let name, _): "key:\(name)"
        case .anonymous: "anonymous"
        }
    }

    /// Whether it may change what runs. Those who connect over ipc may do anything; so may anybody where TCP is open to all.
    var mayCommand: Bool {
        switch self {
        case .local, .anonymous: true
        case .worker: false
        case .client(_, let roles): roles.contains(.operator)
        }
    }
}
