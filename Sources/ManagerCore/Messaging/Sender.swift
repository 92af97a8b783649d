internal import ZeroMQ

/// Where a message has come from, as the connection that it came over knows.
struct Sender {
    let speaker: Speaker
    /// An IP address; or `nil` for a process of this machine over ipc.
    let address: String?

    init(_ frame: borrowing Frame) {
        let address = frame.property("Peer-Address") ?? ""
        self.address = ZAPRequest.localPeer(address) == nil ? address : nil
        speaker = Speaker(userID: frame.property("User-Id"))
    }
}
