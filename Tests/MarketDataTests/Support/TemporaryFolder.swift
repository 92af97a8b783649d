import CLinux
import Glibc
import Testing

/// A folder of one test's own, gone with it.
final class TemporaryFolder: Sendable {
    /// Short, since the path of an ipc socket has about a hundred bytes.
    let path: String
    private let isOwned: Bool

    init() throws {
        var template = Array("/tmp/quantcell-data-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        isOwned = true
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The folder of a test in another process, which removes it.
    init(ofParent path: String) {
        self.path = path
        isOwned = false
    }

    deinit {
        guard isOwned else { return }
        let record = ["market.db", "market.db-wal", "market.db-shm", "ring"]
        for name in ["feed", "data", "publish", "history", "ledger", "rows.csv"] + record { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var ledger: String { "\(path)/ledger" }
    var feed: String { "ipc://\(path)/feed" }
    var publish: String { "ipc://\(path)/publish" }
    var history: String { "ipc://\(path)/history" }
    var database: String { "\(path)/market.db" }
    var ring: String { "\(path)/ring" }
    var data: String { "ipc://\(path)/data" }

    /// Writes a file of this test and returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String, at offset: Int = 0) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count)
        return file
    }

    /// Removes a file of this test; returns whether it was there.
    func remove(_ name: String) -> Bool { unlink("\(path)/\(name)") == 0 }

    func size(of name: String) throws -> Int {
        var info = stat()
        try #require(stat("\(path)/\(name)", &info) == 0)
        return Int(info.st_size)
    }
}
