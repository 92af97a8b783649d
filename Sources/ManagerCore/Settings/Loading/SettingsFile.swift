import Foundation

/// Reads a configuration file's text, no more of it than may be.
enum SettingsFile {
    static func read(_ file: String) throws(SettingsError) -> String {
        let bytes = try bytes(of: file)
        do {
            return String(copying: try UTF8Span(validating: bytes.span))
        } catch {
            let valid = String(decoding: bytes[..<error.byteOffsets.lowerBound], as: UTF8.self)
            let (line, column) = SettingsError.Problem.place(after: valid)
            throw SettingsError([.init("is not UTF-8 text", source: file, line: line, column: column)])
        }
    }

    /// At most one byte more than a file may have, by which the document knows that it is too large.
    private static func bytes(of file: String) throws(SettingsError) -> [UInt8] {
        func failure() -> SettingsError {
            SettingsError([.init("cannot be read: \(String(cString: strerror(errno)))", source: file)])
        }
        guard let stream = fopen(file, "r") else { throw failure() }
        defer { fclose(stream) }
        let limit = SettingsDocument.maxBytes + 1
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = fread(buffer.baseAddress, 1, limit, stream)
            failed = ferror(stream) != 0
        }
        if failed { throw failure() }
        return bytes
    }
}
