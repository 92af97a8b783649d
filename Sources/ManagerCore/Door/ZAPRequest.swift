/// What libzmq asks about a connection before it lets it in.
///
/// Related ZeroMQ documentation: https://rfc.zeromq.org/spec/27
struct ZAPRequest: Hashable {
    /// How the peer says who it is.
    enum Proof: Hashable {
        /// Not at all; the kernel may know.
        case none
        /// It has the secret of this public key.
        case curve([UInt8])
    }

    /// The process at the other end of a Unix socket, by the kernel's word.
    struct LocalPeer: Hashable {
        let uid: UInt32
        let pid: Int32
    }

    /// Names the request in its answer.
    let id: [UInt8]
    /// The endpoint, as in `feed`.
    let endpoint: String
    /// An IP address, or libzmq's words for a Unix socket.
    let address: String
    let proof: Proof

    /// Reads the frames behind the empty one; `nil` for what is no request of version 1.0.
    init?(_ frames: some Collection<[UInt8]>) {
        let frames = Array(frames)
        guard frames.count >= 6, frames[0] == Array("1.0".utf8) else { return nil }
        id = frames[1]
        endpoint = String(decoding: frames[2], as: UTF8.self)
        address = String(decoding: frames[3], as: UTF8.self)
        switch frames[5] {
        case Array("NULL".utf8): proof = .none
        case Array("CURVE".utf8):
            guard frames.count == 7, frames[6].count == 32 else { return nil }
            proof = .curve(frames[6])
        default: return nil
        }
    }

    /// The peer, where it has connected over a Unix socket.
    var localPeer: LocalPeer? { Self.localPeer(address) }

    /// Reads libzmq's `localhost:uid:gid:pid`. Over TCP an address is digits, so never that name.
    static func localPeer(_ address: String) -> LocalPeer? {
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "localhost", let uid = UInt32(parts[1]), let pid = Int32(parts[3]) else {
            return nil
        }
        return LocalPeer(uid: uid, pid: pid)
    }
}
