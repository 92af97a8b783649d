import Glibc
import WireProtocol

/// The topics that a strategy asked for, found by the bytes of a topic frame without allocating.
///
/// ZeroMQ matches prefixes; this matches whole topics, so that `market.X.kline` does not bring in `market.X.kline_1m`.
struct TopicTable {
    static let maxTopics = 10_000

    struct Entry {
        let topic: Topic
        let kind: DataKind
        let bytes: [UInt8]
        /// Whether data is wanted. An entry stays when it is not, so that an index is good for the table's life.
        var isSubscribed = true
        var sequence = SequenceTracker()
        /// Event time of the last message handled.
        var eventTime = Int64.min
    }

    /// The sum of the sequences up to which the subscribed topics have been handled.
    private(set) var handledTotal: UInt64 = 0

    private var entries: [Entry] = []
    private var byHash: [UInt64: [Int]] = [:]
    /// Where the last message was found: data tends to come in runs.
    private var lastFound = 0

    var count: Int { entries.count }
    var subscribed: [Topic] { entries.lazy.filter(\.isSubscribed).map(\.topic) }

    subscript(index: Int) -> Entry {
        // Without a copy.
        _read { yield entries[index] }
    }

    /// Adds a topic, or takes one in again; `nil` when it is subscribed to already.
    ///
    /// - Returns: the index of the entry, good for the table's life.
    mutating func subscribe(_ topic: Topic, _ kind: DataKind) -> Int? {
        let bytes = Array(topic.description.utf8)
        let hash = bytes.withUnsafeBytes(Self.hash)
        if let index = byHash[hash]?.first(where: { entries[$0].bytes == bytes }) {
            guard !entries[index].isSubscribed else { return nil }
            entries[index].isSubscribed = true
            entries[index].sequence = SequenceTracker()
            entries[index].eventTime = .min
            return index
        }
        entries.append(Entry(topic: topic, kind: kind, bytes: bytes))
        byHash[hash, default: []].append(entries.count - 1)
        return entries.count - 1
    }

    /// Takes a topic out; `nil` when it is not subscribed to.
    mutating func unsubscribe(_ topic: Topic) -> Int? {
        guard let index = Array(topic.description.utf8).withUnsafeBytes(indexOfEntry), entries[index].isSubscribed
        else { return nil }
        entries[index].isSubscribed = false
        handledTotal &-= entries[index].sequence.last ?? 0
        return index
    }

    /// The entry of a topic frame, or `nil` when it was not asked for.
    mutating func find(_ frame: UnsafeRawBufferPointer) -> Int? {
        if lastFound < entries.count, Self.equal(entries[lastFound].bytes, frame) {
            return entries[lastFound].isSubscribed ? lastFound : nil
        }
        guard let index = indexOfEntry(frame), entries[index].isSubscribed else { return nil }
        lastFound = index
        return index
    }

    /// The entry of a subscribed topic.
    func index(of topic: String) -> Int? {
        guard let index = Array(topic.utf8).withUnsafeBytes(indexOfEntry), entries[index].isSubscribed else {
            return nil
        }
        return index
    }

    /// Says where a message of the topic stands.
    func place(_ sequence: UInt64, at index: Int) -> SequenceTracker.Place {
        entries[index].sequence.place(sequence)
    }

    /// Says that the topic stands at `sequence`: it was handled, or the worker joined there, or it is known to be lost.
    mutating func advance(_ index: Int, to sequence: UInt64) {
        handledTotal &+= sequence &- (entries[index].sequence.last ?? 0)
        entries[index].sequence.advance(to: sequence)
    }

    /// Takes a message's event time and says whether it goes back.
    mutating func isLate(_ eventTime: Int64, at index: Int) -> Bool {
        let isLate = eventTime < entries[index].eventTime
        if !isLate { entries[index].eventTime = eventTime }
        return isLate
    }

    /// Where each subscribed topic stands, as far as that is known.
    var positions: [String: UInt64] {
        var positions: [String: UInt64] = [:]
        for entry in entries where entry.isSubscribed {
            positions[entry.topic.description] = entry.sequence.last
        }
        return positions
    }

    private func indexOfEntry(_ frame: UnsafeRawBufferPointer) -> Int? {
        byHash[Self.hash(frame)]?.first { Self.equal(entries[$0].bytes, frame) }
    }

    private static func equal(_ bytes: [UInt8], _ frame: UnsafeRawBufferPointer) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard bytes.count == frame.count, let a = bytes.baseAddress, let b = frame.baseAddress else { return false }
            return memcmp(a, b, bytes.count) == 0
        }
    }

    /// FNV-1a.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}
