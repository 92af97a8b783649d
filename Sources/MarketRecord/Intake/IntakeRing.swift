internal import CLinux
internal import Glibc
internal import Synchronization

/// A mapped file between the one thread that accepts messages and the one that records them.
///
/// A message is in it once `head` has been stored behind it: the death of the process at any later moment does not lose it. All of
/// the file's blocks are allocated when it is opened, since a store to a hole on a full disk would kill the process. A power cut may
/// lose what the kernel has not written yet, so that a ring of another boot is not trusted.
///
/// Layout, native byte order: a header of 4,096 bytes, then the entries (``IntakeLayout``), which wrap around. `head` and `tail` count
/// bytes since the ring was made; modulo its capacity they say where.
///
/// One thread writes (``append``), one reads (``next``, ``release``); `head` and `tail` may be read by all.
final class IntakeRing: @unchecked Sendable {
    static let magic: StaticString = "QCRING01"
    static let headerBytes = 4096
    static let bootOffset = 16
    static let bootBytes = 48
    static let capacityOffset = 8
    /// On cache lines of their own: one is written by the writer, one by the reader.
    static let headOffset = 128
    static let tailOffset = 192

    let path: String
    /// Bytes for entries.
    let capacity: Int
    /// Holds the file's lock: two writers would spoil it.
    private let lock: Int32
    private let base: UnsafeMutableRawPointer
    private let entries: UnsafeMutableRawPointer

    // The writer's own.
    private var writeHead: UInt64
    /// The tail as the writer saw it last: it looks again only where that is not enough.
    private var seenTail: UInt64

    /// The position of the next message; its writer alone changes it.
    private let nextPosition: Atomic<UInt64>
    /// The position behind the last message that is in the database.
    private let recordedPosition: Atomic<UInt64>

    init(path: String, lock: Int32, base: UnsafeMutableRawPointer, capacity: Int) {
        self.path = path
        self.lock = lock
        self.base = base
        self.capacity = capacity
        nextPosition = Atomic(1)
        recordedPosition = Atomic(1)
        entries = base + Self.headerBytes
        writeHead = qc_load_acquire(base + Self.headOffset)
        seenTail = qc_load_acquire(base + Self.tailOffset)
    }

    deinit {
        munmap(base, Self.headerBytes + capacity)
        close(lock)
    }

    /// Bytes that were written since the ring was made.
    var head: UInt64 { qc_load_acquire(base + Self.headOffset) }
    /// Bytes that are in the database.
    var tail: UInt64 { qc_load_acquire(base + Self.tailOffset) }
    /// The largest entry.
    var maxEntryBytes: Int { capacity / 2 }

    /// Lets others open the file.
    func unlock() {
        _ = qc_flock(lock, LOCK_UN)
    }

    /// Sets the position of the next message; before the first one is appended.
    func begin(at position: UInt64) {
        nextPosition.store(position, ordering: .relaxed)
    }

    /// Messages that are not in the database; only about right while messages come and go.
    var pendingMessages: UInt64 {
        guard head != tail else { return 0 }
        let next = nextPosition.load(ordering: .relaxed)
        return next - min(next, recordedPosition.load(ordering: .relaxed))
    }

    // MARK: The writer

    /// Puts a message in; `false` where there is no room. The entry must not be larger than ``maxEntryBytes``.
    func append(
        topic: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer,
        sequence: UInt64,
        receiveTime: Int64,
        publisher: UnsafeRawBufferPointer,
        number: UInt64
    ) -> Bool {
        let bytes = IntakeLayout.bytes(topic: topic.count, publisher: publisher.count, body: body.count)
        var offset = Int(writeHead % UInt64(capacity))
        let left = capacity - offset
        // An entry is never cut in two: where it does not fit before the end, the rest is padding.
        let padding = left < bytes ? left : 0
        guard hasRoom(UInt64(padding + bytes)) else { return false }
        if padding > 0 {
            let pad = entries + offset
            pad.storeBytes(of: UInt32(padding), toByteOffset: IntakeLayout.total, as: UInt32.self)
            pad.storeBytes(of: IntakeLayout.padding, toByteOffset: IntakeLayout.type, as: UInt32.self)
            offset = 0
        }
        let entry = entries + offset
        entry.storeBytes(of: UInt32(bytes), toByteOffset: IntakeLayout.total, as: UInt32.self)
        entry.storeBytes(of: IntakeLayout.message, toByteOffset: IntakeLayout.type, as: UInt32.self)
        entry.storeBytes(of: UInt32(body.count), toByteOffset: IntakeLayout.bodyBytes, as: UInt32.self)
        entry.storeBytes(of: UInt16(topic.count), toByteOffset: IntakeLayout.topicBytes, as: UInt16.self)
        entry.storeBytes(of: UInt16(publisher.count), toByteOffset: IntakeLayout.publisherBytes, as: UInt16.self)
        let position = nextPosition.load(ordering: .relaxed)
        entry.storeBytes(of: position, toByteOffset: IntakeLayout.position, as: UInt64.self)
        entry.storeBytes(of: sequence, toByteOffset: IntakeLayout.sequence, as: UInt64.self)
        entry.storeBytes(of: receiveTime, toByteOffset: IntakeLayout.receiveTime, as: Int64.self)
        entry.storeBytes(of: number, toByteOffset: IntakeLayout.number, as: UInt64.self)
        var text = entry + IntakeLayout.text
        Self.copy(topic, to: &text)
        Self.copy(publisher, to: &text)
        Self.copy(body, to: &text)
        nextPosition.store(position + 1, ordering: .relaxed)
        writeHead += UInt64(padding + bytes)
        qc_store_release(base + Self.headOffset, writeHead)
        return true
    }

    private static func copy(_ part: UnsafeRawBufferPointer, to place: inout UnsafeMutableRawPointer) {
        UnsafeMutableRawBufferPointer(start: place, count: part.count).copyMemory(from: part)
        place += part.count
    }

    private func hasRoom(_ bytes: UInt64) -> Bool {
        if writeHead - seenTail + bytes <= UInt64(capacity) { return true }
        seenTail = tail
        return writeHead - seenTail + bytes <= UInt64(capacity)
    }

    // MARK: The reader

    /// Reads the entry at `offset`, which lies between tail and head; `nil` where the bytes are none.
    ///
    /// Nothing is believed: the file may have been written to by somebody else.
    func next(_ offset: inout UInt64, until head: UInt64) -> IntakeEntry? {
        while offset < head {
            let place = Int(offset % UInt64(capacity))
            let entry = UnsafeRawPointer(entries) + place
            let total = Int(entry.load(fromByteOffset: IntakeLayout.total, as: UInt32.self))
            guard total >= 8, total % 8 == 0, place + total <= capacity, offset + UInt64(total) <= head else {
                return nil
            }
            switch entry.load(fromByteOffset: IntakeLayout.type, as: UInt32.self) {
            case IntakeLayout.padding:
                guard place + total == capacity else { return nil }
                offset += UInt64(total)
            case IntakeLayout.message:
                guard let message = message(entry, total) else { return nil }
                offset += UInt64(total)
                return message
            default: return nil
            }
        }
        return nil
    }

    private func message(_ entry: UnsafeRawPointer, _ total: Int) -> IntakeEntry? {
        guard total >= IntakeLayout.text else { return nil }
        let body = Int(entry.load(fromByteOffset: IntakeLayout.bodyBytes, as: UInt32.self))
        let topic = Int(entry.load(fromByteOffset: IntakeLayout.topicBytes, as: UInt16.self))
        let publisher = Int(entry.load(fromByteOffset: IntakeLayout.publisherBytes, as: UInt16.self))
        guard total == IntakeLayout.bytes(topic: topic, publisher: publisher, body: body), topic > 0 else { return nil }
        let text = entry + IntakeLayout.text
        return IntakeEntry(
            position: entry.load(fromByteOffset: IntakeLayout.position, as: UInt64.self),
            sequence: entry.load(fromByteOffset: IntakeLayout.sequence, as: UInt64.self),
            receiveTime: entry.load(fromByteOffset: IntakeLayout.receiveTime, as: Int64.self),
            number: entry.load(fromByteOffset: IntakeLayout.number, as: UInt64.self),
            topic: UnsafeRawBufferPointer(start: text, count: topic),
            publisher: UnsafeRawBufferPointer(start: text + topic, count: publisher),
            body: UnsafeRawBufferPointer(start: text + topic + publisher, count: body),
            ringBytes: total
        )
    }

    /// Gives the room before `offset` back to the writer.
    ///
    /// - Parameter nextPosition: That of the message behind it.
    func release(through offset: UInt64, nextPosition position: UInt64) {
        recordedPosition.store(position, ordering: .relaxed)
        qc_store_release(base + Self.tailOffset, offset)
    }
}
