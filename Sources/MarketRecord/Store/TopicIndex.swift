/// Finds a topic by its bytes without making text of them.
struct TopicIndex {
    private var byHash: [UInt64: [TopicState]] = [:]
    /// The one that was found last: messages of one topic often come together.
    private var last: (hash: UInt64, state: TopicState)?
    private(set) var all: [TopicState] = []
    private var byID: [Int64: TopicState] = [:]

    mutating func add(_ state: TopicState) {
        all.append(state)
        byID[state.id] = state
        let hash = Array(state.name.utf8).withUnsafeBytes { Self.hash($0) }
        byHash[hash, default: []].append(state)
    }

    mutating func find(_ topic: UnsafeRawBufferPointer) -> TopicState? {
        let hash = Self.hash(topic)
        if let last, last.hash == hash, Self.equals(last.state.name, topic) { return last.state }
        guard let state = byHash[hash]?.first(where: { Self.equals($0.name, topic) }) else { return nil }
        last = (hash, state)
        return state
    }

    func find(id: Int64) -> TopicState? { byID[id] }

    func find(name: String) -> TopicState? {
        let hash = Array(name.utf8).withUnsafeBytes { Self.hash($0) }
        return byHash[hash]?.first { $0.name == name }
    }

    private static func equals(_ name: String, _ topic: UnsafeRawBufferPointer) -> Bool {
        name.utf8.elementsEqual(topic)
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
