/// Where everything stands in a ring, and what makes it valid: arithmetic alone. <doc:Layout> has it byte by byte.
struct RingLayout: Hashable {
    static let magic: UInt64 = 0x3130_474E_4952_4351  // "QCRING01", little-endian
    // Offsets in the file.
    static let magicOffset = 0
    static let capacityOffset = 8
    static let idOffset = 16
    /// On one cache line, since who reads one reads the other.
    static let claimedOffset = 64
    static let headOffset = 72
    static let startsOffset = 128
    /// A multiple of every page size that Linux has.
    static let headerBytes = 65_536

    /// Entries begin at multiples of this, so that the header of one always fits before the end.
    static let alignment: UInt64 = 32
    static let entryHeaderBytes = 24
    /// Parts of the ring of each of which it is known where the first entry begins.
    static let segments: UInt64 = 64
    /// The longest name of a topic.
    static let maxNameBytes = 1024

    /// Bytes for entries: a power of two.
    let capacity: UInt64

    static let capacities: ClosedRange<UInt64> = (64 << 10)...(16 << 30)

    /// - Parameter bytes: Is rounded up to a power of two, and to what is in range.
    init(bytes: Int) {
        var capacity = Self.capacities.lowerBound
        while capacity < bytes, capacity < Self.capacities.upperBound { capacity *= 2 }
        self.capacity = capacity
    }

    /// - Parameter capacity: As a file says it; `nil` where that cannot be.
    init?(capacity: UInt64) {
        guard Self.capacities.contains(capacity), capacity.nonzeroBitCount == 1 else { return nil }
        self.capacity = capacity
    }

    var fileBytes: Int { Self.headerBytes + Int(capacity) }
    /// A larger entry would leave a reader no time to read it.
    var maxEntryBytes: Int { Int(capacity / 2) }
    var segmentBytes: UInt64 { capacity / Self.segments }

    /// Where a position is, counted from the first byte for entries.
    func offset(_ position: UInt64) -> Int { Int(position & (capacity - 1)) }

    /// The bytes of an entry, all that belongs to it, with what fills it up.
    static func entryBytes(name: Int, body: Int) -> Int {
        (bodyOffset(name: name) + body + Int(alignment) - 1) & ~(Int(alignment) - 1)
    }

    /// Where the body stands in an entry.
    static func bodyOffset(name: Int) -> Int { entryHeaderBytes + (name + 7) & ~7 }

    /// Where the next entry begins: at `head`, or at the ring's beginning where it does not fit before the end.
    func place(_ bytes: Int, at head: UInt64) -> UInt64 {
        let rest = capacity - (head & (capacity - 1))
        return UInt64(bytes) <= rest ? head : head + rest
    }

    /// Whether what was read at a position is what was written there: nobody had begun to write over it.
    func isIntact(_ position: UInt64, claimed: UInt64) -> Bool { claimed &- position <= capacity }

    /// Where a reader that was overrun goes on: at an entry that leaves it about half of the ring's length to get away.
    ///
    /// - Parameter start: The position of the first entry of a segment, as the ring's table says it.
    func resume(claimed: UInt64, head: UInt64, start: (_ segment: UInt64) -> UInt64) -> UInt64 {
        let target = claimed > capacity / 2 ? claimed - capacity / 2 : 0
        var segment = target / segmentBytes
        // No more than all of them, whatever a broken file says.
        for _ in 0..<Self.segments where segment <= head / segmentBytes {
            let position = start(segment % Self.segments)
            if position / segmentBytes == segment, position >= target, position <= head, position % Self.alignment == 0
            {
                return position
            }
            segment += 1
        }
        return head & ~(Self.alignment - 1)
    }
}
