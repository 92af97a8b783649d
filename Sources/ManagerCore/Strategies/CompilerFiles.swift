internal import CLinux
internal import Glibc

/// The files that a compiler reads and leaves.
enum CompilerFiles {
    /// The largest file that is read, bytes.
    static let maxBytes = 4 << 20

    /// Reads a file as a whole.
    static func read(_ path: String) throws(ManagerError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read \(path)") }
        defer { Glibc.close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw failure("read \(path)") }
        let tooLarge = ManagerError(.invalidWorkerConfig, "\(path) is larger than \(maxBytes >> 20) MiB")
        guard info.st_size <= maxBytes else { throw tooLarge }
        // One byte more than there should be, for the end to show.
        var bytes = [UInt8](repeating: 0, count: Int(info.st_size) + 1)
        var count = 0
        while true {
            let part = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            guard part >= 0 else { throw failure("read \(path)") }
            if part == 0 { return Array(bytes.prefix(count)) }
            count += part
            guard count <= maxBytes else { throw tooLarge }
            // It grows while it is read, or has no size, as a pipe.
            if count == bytes.count { bytes += [UInt8](repeating: 0, count: max(count, 4096)) }
        }
    }

    /// Writes a file anew, for its owner only.
    static func write(_ bytes: [UInt8], to path: String) throws(ManagerError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write \(path)") }
        defer { Glibc.close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw failure("write \(path)") }
    }

    /// Removes a folder of the cache; such folders hold only files.
    static func removeFolder(_ path: String) throws(ManagerError) {
        guard let folder = opendir(path) else { throw failure("open \(path)") }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
        guard rmdir(path) == 0 else { throw failure("remove \(path)") }
    }

    /// What went wrong, by `errno`.
    static func failure(_ operation: String) -> ManagerError {
        ManagerError(.workerStart, "cannot \(operation): \(String(cString: strerror(errno)))")
    }
}
