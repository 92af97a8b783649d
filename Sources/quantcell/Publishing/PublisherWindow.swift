/// What a publisher has sent, or is to send, and has not been told to be safe.
///
/// Messages are numbered from 1, for the life of the publisher's id. A message stays here until the manager has said that it is on
/// disk, so that it can be sent again. Bounded in messages and bytes: who publishes waits while it is full.
struct PublisherWindow {
    /// One message.
    struct Entry: Hashable {
        let topic: [UInt8]
        let body: [UInt8]
        /// Where it comes from, such as the line of a file, for messages to people.
        let line: Int
    }

    /// The last number that is safe: everything up to it has left the window.
    private(set) var acknowledged: UInt64
    /// The number that goes out next; below ``end`` where something waits to be sent.
    private(set) var cursor: UInt64
    /// The number that the next message gets.
    var end: UInt64 { acknowledged + UInt64(count) + 1 }

    private(set) var count = 0
    private var bytes = 0
    /// Entry of number n is at n modulo its size.
    private var ring: [Entry?]
    private let maxBytes: Int

    /// - Parameters:
    ///   - accepted: What the manager has of this publisher, so that it need not be sent.
    ///   - recorded: What of that is safe; the messages after it are to be appended, in case that the manager loses them.
    ///   - capacity: The most messages.
    ///   - maxBytes: The most bytes; one message more is taken where it is not reached.
    init(accepted: UInt64 = 0, recorded: UInt64 = 0, capacity: Int = 16_384, maxBytes: Int = 16 << 20) {
        acknowledged = min(recorded, accepted)
        cursor = accepted + 1
        ring = [Entry?](repeating: nil, count: max(capacity, 1))
        self.maxBytes = maxBytes
    }

    var isEmpty: Bool { count == 0 }

    /// Whether a message may be appended.
    var hasRoom: Bool { count < ring.count && bytes < maxBytes }

    /// What goes out next, if anything.
    var next: (number: UInt64, entry: Entry)? { self[cursor].map { (cursor, $0) } }

    /// The message of a number, while it is here.
    subscript(number: UInt64) -> Entry? {
        number > acknowledged && number < end ? ring[slot(number)] : nil
    }

    /// Takes a message; there must be room.
    mutating func append(_ entry: Entry) {
        precondition(hasRoom, "a message for a full window")
        ring[slot(end)] = entry
        count += 1
        bytes += entry.topic.count + entry.body.count
    }

    /// What ``next`` named has been sent.
    mutating func advance() {
        cursor += 1
    }

    /// Everything up to a number is safe. Returns whether that is news.
    mutating func acknowledge(through number: UInt64) -> Bool {
        let last = min(number, end - 1)
        guard last > acknowledged else { return false }
        while acknowledged < last {
            acknowledged += 1
            count -= 1
            let index = slot(acknowledged)
            if let entry = ring[index] { bytes -= entry.topic.count + entry.body.count }
            ring[index] = nil
        }
        cursor = max(cursor, acknowledged + 1)
        return true
    }

    /// Sends again from a number on. Returns `false` where that message is not here any more, or has never been.
    mutating func rewind(to number: UInt64) -> Bool {
        guard number > acknowledged, number <= end else { return false }
        cursor = number
        return true
    }

    private func slot(_ number: UInt64) -> Int { Int(number % UInt64(ring.count)) }
}
