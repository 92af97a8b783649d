internal import CBroadcastRing
internal import Glibc

/// A file in memory that several processes share, mapped.
struct MappedFile: ~Copyable {
    let base: UnsafeMutableRawPointer
    let count: Int
    /// Open for as long as the mapping of whoever made the file; -1 for the others.
    let descriptor: Int32

    private init(base: UnsafeMutableRawPointer, count: Int, descriptor: Int32) {
        self.base = base
        self.count = count
        self.descriptor = descriptor
    }

    deinit {
        munmap(base, count)
        if descriptor >= 0 { close(descriptor) }
    }

    /// Makes one, filled with zeros, that nobody can shorten.
    ///
    /// - Parameter isSealed: Whether only this mapping can ever write to it.
    static func make(_ count: Int, isSealed: Bool) throws(RingError) -> MappedFile {
        let descriptor = qcr_create(count)
        guard descriptor >= 0 else { throw failure("make a file of \(count) bytes in memory") }
        guard let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            let error = failure("map \(count) bytes")
            close(descriptor)
            throw error
        }
        let file = MappedFile(base: base, count: count, descriptor: descriptor)
        guard !isSealed || qcr_seal_writing(descriptor) == 0 else { throw failure("seal a file in memory") }
        return file
    }

    /// Maps one that somebody else has made.
    ///
    /// - Parameters:
    ///   - counts: How long it may be.
    ///   - isWritable: Whether it is written to, too.
    static func open(_ path: String, _ counts: ClosedRange<Int>, isWritable: Bool) throws(RingError) -> MappedFile {
        let descriptor = Glibc.open(path, (isWritable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("look at \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), counts.contains(Int(status.st_size))
        else {
            throw RingError("\(path) is no ring: not a file of this user, or of an impossible length")
        }
        let count = Int(status.st_size)
        let protection = PROT_READ | (isWritable ? PROT_WRITE : 0)
        guard let base = mmap(nil, count, protection, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            throw failure("map \(path)")
        }
        return MappedFile(base: base, count: count, descriptor: -1)
    }

    private static func failure(_ operation: String) -> RingError {
        RingError("cannot \(operation): \(String(cString: strerror(errno)))")
    }
}
