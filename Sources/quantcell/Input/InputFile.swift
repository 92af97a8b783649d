import Glibc

/// Whole files that a user or the manager names.
enum InputFile {
    /// Reads a file as text.
    ///
    /// - Parameter limit: The largest file that is read, in bytes.
    /// - Throws: ``CommandFailure`` with exit code 66 when the file is missing, no regular file, unreadable or too
    ///   large, or with 65 when it is not UTF-8.
    static func text(at path: String, limit: Int = 1 << 20) throws(CommandFailure) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .noInput("\(path): \(errorText(errno))") }
        defer { close(descriptor) }
        try checkIsRegular(descriptor, path)
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress?.advanced(by: count), limit + 1 - count)
            }
            guard got >= 0 else {
                if errno == EINTR { continue }
                throw .noInput("\(path): \(errorText(errno))")
            }
            if got == 0 { break }
            count += got
        }
        guard count <= limit else { throw .noInput("\(path): larger than \(limit) bytes") }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            throw .badFile("\(path): not UTF-8 text")
        }
        return text
    }

    /// Checks that the program may read a file, without reading it.
    ///
    /// - Throws: ``CommandFailure`` with exit code 66.
    static func checkIsReadable(_ path: String) throws(CommandFailure) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .noInput("\(path): \(errorText(errno))") }
        defer { close(descriptor) }
        try checkIsRegular(descriptor, path)
    }

    private static func checkIsRegular(_ descriptor: Int32, _ path: String) throws(CommandFailure) {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw .noInput("\(path): \(errorText(errno))") }
        let type = information.st_mode & S_IFMT
        guard type == S_IFREG else {
            throw .noInput("\(path): \(type == S_IFDIR ? "is a folder" : "is not a regular file")")
        }
    }
}
