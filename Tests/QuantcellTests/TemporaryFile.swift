import Glibc
import Testing

/// A file with some text, open for reading; removed at the end.
final class TemporaryFile: Sendable {
    let path: String
    let descriptor: Int32

    init(_ text: String) throws {
        var template = Array("/tmp/quantcell-tests-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try #require(descriptor >= 0)
        try append(text)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Writes more at the end.
    func append(_ text: String) throws {
        let writer = open(path, O_WRONLY | O_APPEND)
        try #require(writer >= 0)
        defer { close(writer) }
        let bytes = Array(text.utf8)
        #expect(write(writer, bytes, bytes.count) == bytes.count)
    }
}
