internal import ZeroMQ

/// Who gave a command, and from where; the journal keeps both with each command.
package struct CommandOrigin: Hashable, Sendable {
    /// Who: `uid:1000` over ipc, `key:NAME` over CURVE, `token:NAME` over HTTP, `anonymous` over TCP without keys.
    package let who: String
    /// From where: `ipc pid:4711`, `tcp:10.0.0.5`, `http:127.0.0.1`.
    package let from: String

    /// - Parameters:
    ///   - who: Who gave it, by the kind of proof and the name that goes with it.
    ///   - from: By which way, and from which process or address.
    package init(who: String, from: String) {
        self.who = who
        self.from = from
    }

    /// Whoever sent a frame, as the kernel and the handshake of its connection know it.
    init(_ frame: borrowing Frame) {
        let address = frame.property("Peer-Address") ?? ""
        // Over a Unix socket libzmq says `localhost:uid:gid:pid`; over TCP an address in digits, so never that name.
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 4, parts[0] == "localhost", let uid = UInt32(parts[1]), let pid = Int32(parts[3]) {
            self.init(who: "uid:\(uid)", from: "ipc pid:\(pid)")
        } else {
            let user = frame.property("User-Id").flatMap { $0.isEmpty ? nil : $0 }
            self.init(who: user ?? "anonymous", from: "tcp:\(address)")
        }
    }
}
