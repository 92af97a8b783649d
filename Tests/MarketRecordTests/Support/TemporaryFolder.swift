import Glibc
import Testing

/// A folder of one test's own, gone with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/quantcell-record-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in ["market.db", "market.db-wal", "market.db-shm", "intake.ring", "kept.ring", "progress"] {
            unlink("\(path)/\(name)")
        }
        rmdir(path)
    }

    var database: String { "\(path)/market.db" }
    var ring: String { "\(path)/intake.ring" }

    /// Writes a file of this test, or into one.
    func write(_ bytes: [UInt8], to name: String, at offset: Int = 0) throws {
        let descriptor = Glibc.open("\(path)/\(name)", O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count)
    }

    func read(_ name: String) throws -> [UInt8] {
        let descriptor = Glibc.open("\(path)/\(name)", O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
        try #require(pread(descriptor, &bytes, bytes.count, 0) == bytes.count)
        return bytes
    }
}
