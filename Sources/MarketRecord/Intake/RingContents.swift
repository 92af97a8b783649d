/// What is in a ring, in sum: for what could not be written to the database when it was opened.
struct RingContents {
    private(set) var sequences: [String: UInt64] = [:]
    private(set) var publishers: [String: UInt64] = [:]
    private(set) var nextPosition: UInt64 = 1

    init(_ ring: IntakeRing) {
        let head = ring.head
        var offset = ring.tail
        while let entry = ring.next(&offset, until: head) {
            sequences[String(decoding: entry.topic, as: UTF8.self), default: 0].rise(to: entry.sequence)
            if entry.number > 0 {
                publishers[String(decoding: entry.publisher, as: UTF8.self), default: 0].rise(to: entry.number)
            }
            nextPosition.rise(to: entry.position &+ 1)
        }
    }
}

extension UInt64 {
    fileprivate mutating func rise(to other: UInt64) {
        self = Swift.max(self, other)
    }
}
