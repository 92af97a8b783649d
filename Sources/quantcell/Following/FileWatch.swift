import Glibc

/// Waits for changes of one file, which may be removed and made anew: the kernel watches its folder (inotify).
struct FileWatch: ~Copyable {
    private static let headerBytes = MemoryLayout<inotify_event>.size

    private let name: [UInt8]
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    /// Starts to watch.
    ///
    /// - Throws: ``CommandFailure`` with exit code 66 when the folder is gone or the system has no more watches.
    init(path: String) throws(CommandFailure) {
        name = Array(Path.name(path).utf8)
        descriptor = inotify_init1(Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw .noInput("cannot watch files: \(errorText(errno))") }
        let events = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_ONLYDIR)
        guard inotify_add_watch(descriptor, Path.folder(path), events) >= 0 else {
            let number = errno
            close(descriptor)
            throw .noInput("cannot watch \(Path.folder(path)): \(errorText(number))")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Waits until something has happened to the file.
    ///
    /// - Throws: ``CommandFailure`` with exit code 66 when the folder has gone.
    mutating func wait() throws(CommandFailure) {
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .noInput("cannot watch files any more: \(errorText(errno))")
            }
            if try concernsFile(count) { return }
        }
    }

    private func concernsFile(_ count: Int) throws(CommandFailure) -> Bool {
        var offset = 0
        var isConcerned = false
        while offset + Self.headerBytes <= count {
            let (mask, length) = buffer.withUnsafeBytes { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                    Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                )
            }
            if mask & UInt32(IN_IGNORED) != 0 { throw .noInput("the folder of the log is gone") }
            let start = offset + Self.headerBytes
            let found = buffer[min(start, count)..<min(start + length, count)].prefix { $0 != 0 }
            // With an overflow the kernel has dropped events, perhaps ours.
            if found.elementsEqual(name) || mask & UInt32(IN_Q_OVERFLOW) != 0 { isConcerned = true }
            offset = start + length
        }
        return isConcerned
    }
}
