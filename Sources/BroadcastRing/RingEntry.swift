/// The header of an entry: what is needed to decide whether to read the rest.
package struct RingEntry: Hashable, Sendable {
    /// A topic's number that says: for one reader, by name.
    package static let direct = UInt32.max
    /// That of what fills the end of the ring.
    static let padding = UInt32.max - 1
    /// The numbers that topics may have.
    package static let topics = 0..<padding

    /// Bytes that were written before it since the ring was made.
    let position: UInt64
    /// All of it, the header included.
    let bytes: UInt32
    /// The number of its topic, the same for the life of the ring.
    package let topic: UInt32
    /// The length of the topic's name.
    let nameBytes: UInt32
    /// The length of the body.
    package let bodyBytes: UInt32

    var end: UInt64 { position &+ UInt64(bytes) }

    /// Its three words, as they stand in the ring.
    var words: (UInt64, UInt64, UInt64) {
        (position, UInt64(bytes) | UInt64(topic) << 32, UInt64(nameBytes) | UInt64(bodyBytes) << 32)
    }

    init(position: UInt64, bytes: Int, topic: UInt32, nameBytes: Int, bodyBytes: Int) {
        self.position = position
        self.bytes = UInt32(truncatingIfNeeded: bytes)
        self.topic = topic
        self.nameBytes = UInt32(truncatingIfNeeded: nameBytes)
        self.bodyBytes = UInt32(truncatingIfNeeded: bodyBytes)
    }

    init(words: (UInt64, UInt64, UInt64)) {
        position = words.0
        bytes = UInt32(truncatingIfNeeded: words.1)
        topic = UInt32(truncatingIfNeeded: words.1 >> 32)
        nameBytes = UInt32(truncatingIfNeeded: words.2)
        bodyBytes = UInt32(truncatingIfNeeded: words.2 >> 32)
    }

    /// Whether it can be one at that position: everything in bounds, nothing behind the head.
    func isValid(at position: UInt64, head: UInt64, in layout: RingLayout) -> Bool {
        guard self.position == position, UInt64(bytes) % RingLayout.alignment == 0, bytes > 0,
            UInt64(bytes) <= layout.capacity - UInt64(layout.offset(position)), head &- position >= UInt64(bytes),
            head &- position <= layout.capacity
        else { return false }
        guard topic != Self.padding else { return true }
        return Int(nameBytes) <= RingLayout.maxNameBytes && Int(bytes) <= layout.maxEntryBytes
            && RingLayout.bodyOffset(name: Int(nameBytes)) + Int(bodyBytes) <= Int(bytes)
    }
}
