internal import CLinux
internal import Glibc
internal import WireProtocol

/// A small JSON file for its owner only, which is there whole or as it was before.
struct PrivateFile: Sendable {
    /// The largest file that is read, bytes: far more than ``AccessControl`` ever keeps.
    private static let maxBytes = 1 << 20

    let path: String

    /// Reads it; `nil` where there is none.
    ///
    /// - Throws: ``ManagerError`` when it cannot be read, is open to others, or is no JSON.
    func read() throws(ManagerError) -> JSONValue? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("read")
        }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw failure("read") }
        guard info.st_mode & 0o077 == 0 else {
            throw ManagerError(.serviceUnavailable, "\(path) is open to others; chmod 600 \(path)")
        }
        guard info.st_size <= Self.maxBytes else { throw damaged }
        var bytes = [UInt8](repeating: 0, count: Int(info.st_size))
        guard Glibc.read(descriptor, &bytes, bytes.count) == bytes.count else { throw failure("read") }
        guard let value = try? bytes.withUnsafeBytes({ try JSONValue(parsing: $0) }) else { throw damaged }
        return value
    }

    /// Writes it; it is on disk when this returns.
    ///
    /// - Throws: ``ManagerError``
    func write(_ value: JSONValue) throws(ManagerError) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("write") }
        defer { close(descriptor) }
        let bytes = Array((value.text + "\n").utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(temporary, path) == 0
        else { throw failure("write") }
        guard let end = path.lastIndex(of: "/") else { return }
        let folder = open(String(path[..<end]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// For a file that is not what was written.
    var damaged: ManagerError { ManagerError(.serviceUnavailable, "\(path) is damaged; move it away") }

    private func failure(_ operation: String) -> ManagerError {
        ManagerError(.serviceUnavailable, "cannot \(operation) \(path): \(String(cString: strerror(errno)))")
    }
}
