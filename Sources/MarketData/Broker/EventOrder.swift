/// Tells apart, by event time, what comes in order and what does not.
struct EventOrder {
    /// Messages that are earlier than the one right before them: their topic's order was broken.
    private(set) var outOfOrder: UInt64 = 0
    /// Messages that follow the one before them, and are still earlier than the newest: what an out-of-order one drags behind it.
    private(set) var late: UInt64 = 0
    /// Messages that are the same as the one right before them, byte by byte, but for what the broker writes.
    private(set) var duplicates: UInt64 = 0

    private var last = Int64.min
    private var newest = Int64.min
    private var lastDigest: UInt64 = 0

    /// Counts a message.
    ///
    /// - Parameters:
    ///   - eventTime: Nanoseconds since the Unix epoch; 0 where nothing says, which is not counted.
    ///   - digest: Equal for equal bodies (``digest(_:)``).
    mutating func note(eventTime: Int64, digest: UInt64) {
        if digest == lastDigest, eventTime == last { duplicates &+= 1 }
        lastDigest = digest
        guard eventTime != 0 else {
            last = 0
            return
        }
        if eventTime < last {
            outOfOrder &+= 1
        } else if eventTime < newest {
            late &+= 1
        }
        last = eventTime
        if eventTime > newest { newest = eventTime }
    }

    /// A number for some bytes: a word at a time, multiplied and folded. For telling an equal neighbour, not against an adversary.
    static func digest(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) -> UInt64 {
        var digest: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
        var offset = start
        while offset + 8 <= bytes.count {
            digest = mix(digest ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        while offset < bytes.count {
            digest = mix(digest ^ UInt64(bytes[offset]))
            offset += 1
        }
        return digest
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        let (high, low) = word.multipliedFullWidth(by: 0xBF58_476D_1CE4_E5B9)
        return high ^ low
    }
}
