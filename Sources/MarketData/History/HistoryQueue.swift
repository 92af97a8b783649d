/// Requests that wait, so many for each peer, taken in turns: one that asks for much does not keep the others waiting.
struct HistoryQueue<Request> {
    /// How many requests of one peer wait. A worker waits for each answer before it asks again.
    static var maxPerPeer: Int { 8 }
    /// How many peers may wait.
    static var maxPeers: Int { 1024 }

    private var requests: [[UInt8]: [Request]] = [:]
    /// Who is next; each peer once.
    private var turns: [[UInt8]] = []

    var isEmpty: Bool { turns.isEmpty }

    /// Adds a request; `false` when the peer, or everybody, has too many.
    mutating func add(_ request: Request, from peer: [UInt8]) -> Bool {
        if let count = requests[peer]?.count {
            guard count < Self.maxPerPeer else { return false }
        } else {
            guard turns.count < Self.maxPeers else { return false }
            turns.append(peer)
        }
        requests[peer, default: []].append(request)
        return true
    }

    /// Takes the request whose turn it is.
    mutating func next() -> (peer: [UInt8], request: Request)? {
        guard let peer = turns.first, var waiting = requests[peer], let request = waiting.first else { return nil }
        turns.removeFirst()
        waiting.removeFirst()
        if waiting.isEmpty {
            requests[peer] = nil
        } else {
            requests[peer] = waiting
            turns.append(peer)
        }
        return (peer, request)
    }

    mutating func removeAll() {
        requests = [:]
        turns = []
    }
}
