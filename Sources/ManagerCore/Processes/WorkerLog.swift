internal import CLinux
internal import Glibc

/// Keeps the file that a worker's output goes to within its bounds, whoever writes to it and whether the manager lives or not.
///
/// A worker that hosts a Swift strategy notices that its file has been renamed, and begins a new one: its files are put aside. A program of
/// somebody else's holds on to the file that it was given. Of such a file the oldest lines are given back to the file system, as a hole at
/// its beginning: what is written meanwhile goes to its end as ever, no line is copied, and none is lost but those that are dropped.
enum WorkerLog {
    /// Removes a log, if there is one.
    static func remove(_ path: String) {
        unlink(path)
    }

    /// What has been dropped for good.
    struct Dropped: Equatable {
        let bytes: Int64
        /// What is left of it, with all that has been put aside.
        let kept: Int64
    }

    /// How large a file is.
    struct Size: Equatable {
        /// From its first byte to its last, with holes.
        let bytes: Int64
        /// What it takes on the disk.
        let allocated: Int64

        /// - Returns: `nil` where there is no such file.
        init?(_ path: String) {
            var info = stat()
            guard stat(path, &info) == 0 else { return nil }
            bytes = Int64(info.st_size)
            // st_blocks counts 512 bytes on every file system.
            allocated = Int64(info.st_blocks) * 512
        }
    }

    // MARK: Files that their writers let go of

    /// Puts a file aside: `x.log` becomes `x.log.1`, that one `x.log.2`, and so on. The writer notices and begins a new file.
    ///
    /// - Parameter keep: How many are kept; what falls off the end is removed.
    /// - Returns: What was removed, if there was something.
    static func rotate(_ path: String, keep: Int) -> Dropped? {
        let last = keep > 0 ? "\(path).\(keep)" : path
        let removed = Size(last)?.bytes ?? 0
        if keep == 0 { unlink(path) }
        for number in stride(from: keep - 1, through: 1, by: -1) {
            rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        if keep > 0 { rename(path, "\(path).1") }
        let kept = (1...max(keep, 1)).reduce(0) { $0 + (Size("\(path).\($1)")?.bytes ?? 0) }
        return removed > 0 ? Dropped(bytes: removed, kept: kept) : nil
    }

    // MARK: Files that their writers hold on to

    /// How far behind the place at which lines are to be cut the end of one is looked for.
    private static let longestLine = 64 << 10

    /// Drops the oldest lines of a file, if it has more than its bound, so that one part of `keep + 1` is free again.
    ///
    /// - Parameters:
    ///   - part: The size at which a file of a Swift strategy would be put aside.
    ///   - keep: How many of those would be kept besides.
    /// - Returns: What was dropped; `nil` where nothing was.
    /// - Throws: ``ManagerError`` where the file system cannot do that.
    static func trim(_ path: String, part: Int64, keep: Int) throws(ManagerError) -> Dropped? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        let size = Int64(info.st_size)
        let first = max(qc_first_data(descriptor), 0)
        let bound = part * Int64(keep + 1)
        guard size - first > bound else { return nil }
        let cut = lineStart(descriptor, after: size - max(part * Int64(keep), part / 2))
        guard qc_punch_hole(descriptor, cut) == 0 else {
            throw ManagerError(
                .internalError,
                "the log \(path) grows beyond its bound: its file system cannot drop its beginning: \(String(cString: strerror(errno)))"
            )
        }
        return Dropped(bytes: cut - first, kept: size - cut)
    }

    /// Where the first line begins that begins behind `offset`; `offset` where the line there is very long.
    private static func lineStart(_ descriptor: Int32, after offset: Int64) -> Int64 {
        var buffer = [UInt8](repeating: 0, count: longestLine)
        let count = pread(descriptor, &buffer, buffer.count, off_t(offset))
        guard count > 0, let newline = buffer[..<count].firstIndex(of: UInt8(ascii: "\n")) else { return offset }
        return offset + Int64(newline) + 1
    }
}
