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

    /// Whoever sent a message, as the kernel and the handshake of its connection know it.
    init(_ sender: Sender) {
        who = sender.speaker.who
        if let address = sender.address {
            from = "tcp:\(address)"
        } else if case .local(_, let pid, _) = sender.speaker {
            from = "ipc pid:\(pid)"
        } else {
            from = "ipc"
        }
    }
}
