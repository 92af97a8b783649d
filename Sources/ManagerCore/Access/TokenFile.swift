internal import Glibc
internal import WireProtocol

/// The tokens on disk: `tokens.json` in the data folder, for its owner only.
struct TokenFile: Sendable {
    /// The largest file that is read, bytes: far more than ``AccessControl/maxTokens`` take.
    private static let maxBytes = 1 << 20

    let path: String

    /// Reads the tokens; none where there is no file.
    ///
    /// - Throws: ``ManagerError`` when it cannot be read, or is open to others.
    func read() throws(ManagerError) -> [AccessToken] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
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
        guard let records = (try? bytes.withUnsafeBytes { try JSONValue(parsing: $0) })?["tokens"]?.arrayValue else {
            throw damaged
        }
        let tokens = records.compactMap(AccessToken.init(record:))
        guard tokens.count == records.count else { throw damaged }
        return tokens
    }

    /// Writes the tokens; they are on disk when it returns.
    ///
    /// - Throws: ``ManagerError``
    func write(_ tokens: [AccessToken]) throws(ManagerError) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("write") }
        defer { close(descriptor) }
        let json: JSONValue = ["tokens": .array(tokens.map(\.record))]
        let bytes = Array((json.text + "\n").utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(temporary, path) == 0
        else { throw failure("write") }
        guard let end = path.lastIndex(of: "/") else { return }
        let folder = open(String(path[..<end]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private var damaged: ManagerError {
        ManagerError(
            .serviceUnavailable,
            "\(path) is damaged; move it away and make new tokens with 'quantcell token new'"
        )
    }

    private func failure(_ operation: String) -> ManagerError {
        ManagerError(.serviceUnavailable, "cannot \(operation) \(path): \(String(cString: strerror(errno)))")
    }
}
