internal import CLinux
internal import Glibc

/// What was found in a ring when it was opened.
struct IntakeFindings: Sendable {
    /// Whether it was written since the machine booted: another one is not trusted.
    var isSameBoot = true
    /// Messages that were not in the database, and are to be recorded.
    var pending = 0
    /// Bytes that were thrown away: of another boot, or damaged.
    var discardedBytes: UInt64 = 0
    /// Why bytes were thrown away.
    var discardReason: String?
}

extension IntakeRing {
    /// Opens the ring, or makes an empty one.
    ///
    /// One of another size is kept while there is something in it.
    ///
    /// - Parameters:
    ///   - capacity: Bytes for entries.
    ///   - boot: This boot's id.
    /// - Throws: ``RecordError`` when the file cannot be made, has no room on the disk, is in use, or is not a ring.
    static func open(
        path: String,
        capacity: Int,
        boot: String
    ) throws(RecordError) -> (ring: IntakeRing, findings: IntakeFindings) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RecordError(errno: errno, "open", path) }
        do throws(RecordError) {
            return try open(descriptor, path: path, wanted: (capacity + 7) & ~7, boot: boot)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func open(
        _ descriptor: Int32,
        path: String,
        wanted: Int,
        boot: String
    ) throws(RecordError) -> (ring: IntakeRing, findings: IntakeFindings) {
        guard qc_flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw RecordError(
                .locked,
                "\(path) is in use by another process: find it with `fuser \(path)`, or choose another data folder"
            )
        }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        var findings = IntakeFindings()
        let header = try read(descriptor, path)
        var capacity = wanted
        if header.contains(where: { $0 != 0 }) {
            let state = try check(header, size: size, wanted: wanted, boot: boot, path: path, &findings)
            if state.isKept {
                capacity = state.capacity
            } else {
                // Anew: what is in it counts no more.
                guard ftruncate(descriptor, 0) == 0 else { throw RecordError(errno: errno, "empty", path) }
            }
        }
        let base = try map(descriptor, bytes: headerBytes + capacity, path)
        format(base, capacity: capacity, boot: boot, isTrusted: findings.isSameBoot)
        return (IntakeRing(path: path, lock: descriptor, base: base, capacity: capacity), findings)
    }

    /// Reads as much of the header as there is; the rest is zeros.
    private static func read(_ descriptor: Int32, _ path: String) throws(RecordError) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: headerBytes)
        guard pread(descriptor, &header, header.count, 0) >= 0 else { throw RecordError(errno: errno, "read", path) }
        return header
    }

    /// Judges an existing ring: whether it is to be kept, and what its capacity is.
    private static func check(
        _ header: [UInt8],
        size: Int,
        wanted: Int,
        boot: String,
        path: String,
        _ findings: inout IntakeFindings
    ) throws(RecordError) -> (isKept: Bool, capacity: Int) {
        let expected = UnsafeRawBufferPointer(start: magic.utf8Start, count: magic.utf8CodeUnitCount)
        guard header.starts(with: expected) else {
            throw RecordError(
                .foreign,
                "\(path) is not an intake ring of this version: move it away; messages in it that were not recorded are then lost"
            )
        }
        let (capacity, head, tail) = header.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(fromByteOffset: capacityOffset, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: headOffset, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: tailOffset, as: UInt64.self)
            )
        }
        let filled = head &- tail
        let isSound =
            head >= tail && filled <= capacity && head % 8 == 0 && tail % 8 == 0 && capacity % 8 == 0
            && capacity >= UInt64(RecordConfiguration.ringBytesRange.lowerBound) && head < 1 << 62
            && capacity <= UInt64(RecordConfiguration.ringBytesRange.upperBound)
        let writtenBoot = String(
            decoding: header[bootOffset..<bootOffset + bootBytes].prefix { $0 != 0 },
            as: UTF8.self
        )
        findings.isSameBoot = writtenBoot == boot
        guard isSound, UInt64(size) >= UInt64(headerBytes) + capacity else {
            findings.discard(isSound ? filled : 0, "the file is damaged")
            return (false, 0)
        }
        if !findings.isSameBoot {
            findings.discard(filled, "it was written before the machine booted")
        } else if filled > 0 {
            return (true, Int(capacity))
        }
        // Its blocks have been written to before: stores to them cost less than to new ones.
        return (Int(capacity) == wanted, wanted)
    }

    private static func map(
        _ descriptor: Int32,
        bytes: Int,
        _ path: String
    ) throws(RecordError) -> UnsafeMutableRawPointer {
        let allocated = posix_fallocate(descriptor, 0, off_t(bytes))
        guard allocated == 0 else { throw RecordError(errno: allocated, "reserve \(bytes) bytes for", path) }
        guard let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            throw RecordError(errno: errno, "map", path)
        }
        // The first message on a page would wait for all that the disk reads ahead, which is up to megabytes of zeros: 26 ms were seen.
        madvise(base, bytes, MADV_RANDOM)
        return base
    }

    /// Writes the header; the magic last, which makes it one.
    private static func format(_ base: UnsafeMutableRawPointer, capacity: Int, boot: String, isTrusted: Bool) {
        if !isTrusted { qc_store_release(base + tailOffset, qc_load_acquire(base + headOffset)) }
        let bootPlace = UnsafeMutableRawBufferPointer(start: base + bootOffset, count: bootBytes)
        bootPlace.copyBytes(from: boot.utf8.prefix(bootBytes - 1))
        qc_store_release(base + capacityOffset, UInt64(capacity))
        let magic = UnsafeRawBufferPointer(start: magic.utf8Start, count: magic.utf8CodeUnitCount)
        qc_store_release(base, magic.loadUnaligned(as: UInt64.self))
    }
}

extension IntakeFindings {
    mutating func discard(_ bytes: UInt64, _ reason: String) {
        discardedBytes += bytes
        discardReason = reason
    }
}

/// This boot of the machine.
enum Boot {
    /// Its id, as the kernel says it; empty where there is none, which no ring of ours is of.
    static func id() -> String {
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)).prefix { $0 > 0x20 }, as: UTF8.self)
    }
}
