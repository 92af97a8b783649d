internal import CLinux
internal import Glibc
internal import WireProtocol

/// The file that keeps each topic's last sequence for the life of the data folder.
///
/// It is mapped into memory: numbering a message is one store, which survives the death of the process at any moment. A power cut
/// may lose what the kernel has not written yet; what has been recorded puts that right (``SequenceRecovery``). All of the file's blocks are allocated when it is opened, since a store to a
/// hole on a full disk would kill the process.
///
/// Layout, little-endian: a header of 64 bytes (`QCSEQ001`), then entries of 128 bytes: sequence u64, length of the topic u16, whose
/// highest bit says whether the message of that sequence was handed to the record, topic.
struct TopicLedger: ~Copyable {
    private static let magic: StaticString = "QCSEQ001"
    private static let headerBytes = 64
    private static let entryBytes = 128
    private static let topicOffset = 10
    private static let recordedBit: UInt16 = 0x8000

    private let base: UnsafeMutableRawPointer
    private let mappedBytes: Int
    /// How many topics there is room for.
    let capacity: Int
    /// How many topics it holds.
    private(set) var count = 0

    private init(base: UnsafeMutableRawPointer, mappedBytes: Int) {
        self.base = base
        self.mappedBytes = mappedBytes
        capacity = (mappedBytes - Self.headerBytes) / Self.entryBytes
        while count < capacity, length(count) > 0 { count += 1 }
    }

    /// Opens the ledger, or makes an empty one.
    ///
    /// - Throws: ``BrokerError`` when the file cannot be made, has no room on the disk, or is not a ledger.
    static func open(path: String, capacity: Int) throws(BrokerError) -> TopicLedger {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        let end = Int(lseek(descriptor, 0, SEEK_END))
        let bytes = max(headerBytes + capacity * entryBytes, end)
        let allocated = posix_fallocate(descriptor, 0, off_t(bytes))
        guard allocated == 0 else {
            throw BrokerError(
                "cannot reserve \(bytes) bytes for \(path): \(String(cString: strerror(allocated))); free some space"
            )
        }
        guard let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            throw failure("map", path)
        }
        let magic = UnsafeRawBufferPointer(start: magic.utf8Start, count: magic.utf8CodeUnitCount)
        // Zeros: new, or reserved by an earlier attempt that ended (on a full disk) before it was begun.
        if UnsafeRawBufferPointer(start: base, count: magic.count).allSatisfy({ $0 == 0 }) {
            UnsafeMutableRawBufferPointer(start: base, count: magic.count).copyMemory(from: magic)
        }
        guard UnsafeRawBufferPointer(start: base, count: magic.count).elementsEqual(magic) else {
            munmap(base, bytes)
            throw BrokerError("\(path) is not a sequence ledger; move it away, topics then count from 1 again")
        }
        return TopicLedger(base: base, mappedBytes: bytes)
    }

    deinit {
        msync(base, mappedBytes, MS_SYNC)
        munmap(base, mappedBytes)
    }

    /// The topic of an entry.
    func topic(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: entry(index) + Self.topicOffset,
            count: min(length(index), Self.entryBytes - Self.topicOffset)
        )
    }

    /// The last sequence of an entry.
    func sequence(_ index: Int) -> UInt64 {
        UInt64(littleEndian: entry(index).load(as: UInt64.self))
    }

    /// Whether the message of the last sequence was handed to the record.
    func isRecorded(_ index: Int) -> Bool {
        word(index) & Self.recordedBit != 0
    }

    /// Keeps a sequence, and whether its message was handed to the record.
    mutating func set(_ index: Int, _ sequence: UInt64, isRecorded: Bool) {
        // The mark first: without it a sequence is never taken back.
        if isRecorded != self.isRecorded(index) {
            let length = UInt16(length(index)) | (isRecorded ? Self.recordedBit : 0)
            entry(index).storeBytes(of: length.littleEndian, toByteOffset: 8, as: UInt16.self)
        }
        entry(index).storeBytes(of: sequence.littleEndian, as: UInt64.self)
    }

    /// Adds a topic and returns its entry, or `nil` when there is no room.
    mutating func add(_ topic: UnsafeRawBufferPointer) -> Int? {
        guard count < capacity, topic.count <= Self.entryBytes - Self.topicOffset else { return nil }
        let entry = entry(count)
        UnsafeMutableRawBufferPointer(start: entry + Self.topicOffset, count: topic.count).copyMemory(from: topic)
        // The length makes the entry valid, so it comes last.
        entry.storeBytes(of: UInt16(topic.count).littleEndian, toByteOffset: 8, as: UInt16.self)
        count += 1
        return count - 1
    }

    private func entry(_ index: Int) -> UnsafeMutableRawPointer {
        base + Self.headerBytes + index * Self.entryBytes
    }

    private func length(_ index: Int) -> Int {
        Int(word(index) & ~Self.recordedBit)
    }

    private func word(_ index: Int) -> UInt16 {
        UInt16(littleEndian: entry(index).load(fromByteOffset: 8, as: UInt16.self))
    }

    private static func failure(_ operation: String, _ path: String) -> BrokerError {
        BrokerError("cannot \(operation) \(path): \(String(cString: strerror(errno)))")
    }
}
