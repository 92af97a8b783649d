internal import Glibc

/// Finds a topic by its bytes without making text of them.
struct TopicIndex {
    private var byHash: [UInt64: [TopicState]] = [:]
    /// The one that was found last, with its bytes: messages of one topic often come together.
    private var last: (bytes: [UInt8], state: TopicState)?
    private(set) var all: [TopicState] = []
    private var byID: [Int64: TopicState] = [:]

    mutating func add(_ state: TopicState) {
        all.append(state)
        byID[state.id] = state
        let hash = Array(state.name.utf8).withUnsafeBytes { Self.hash($0) }
        byHash[hash, default: []].append(state)
    }

    mutating func find(_ topic: UnsafeRawBufferPointer) -> TopicState? {
        if let last, last.bytes.count == topic.count, last.bytes.withUnsafeBytes({ Self.equals($0, topic) }) {
            return last.state
        }
        guard let state = byHash[Self.hash(topic)]?.first(where: { $0.name.utf8.elementsEqual(topic) }) else {
            return nil
        }
        last = (Array(topic), state)
        return state
    }

    func find(id: Int64) -> TopicState? { byID[id] }

    func find(name: String) -> TopicState? {
        let hash = Array(name.utf8).withUnsafeBytes { Self.hash($0) }
        return byHash[hash]?.first { $0.name == name }
    }

    /// Compares as many bytes as `one` has.
    private static func equals(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard let first = one.baseAddress, let second = other.baseAddress else { return true }
        return memcmp(first, second, one.count) == 0
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
