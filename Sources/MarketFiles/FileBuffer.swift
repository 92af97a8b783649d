import Glibc

/// A file seen through a window of fixed size that moves forward.
struct FileBuffer: ~Copyable, Sendable {
    /// Size of the window in bytes, which is also the longest record that fits.
    static let capacity = 65_536

    /// Size of the file in bytes when it was opened.
    let fileSize: Int64
    /// The window; ``start`` and ``end`` bound what is valid in it.
    private(set) var bytes: [UInt8]
    /// Index of the first byte that has not been consumed.
    private(set) var start = 0
    /// Index after the last byte that has been read.
    private(set) var end = 0
    /// Whether the file holds nothing after ``end``.
    private(set) var reachedEnd = false

    private let path: String
    private let descriptor: Int32
    private var bytesFromFile: Int64 = 0

    /// Opens a regular file.
    ///
    /// - Throws: `missing`, `isFolder` or `unreadable`.
    init(path: String) throws(MarketFileError) {
        // Without O_NONBLOCK, opening a FIFO would hang until somebody writes to it; regular files ignore it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        let openError = errno
        guard descriptor >= 0 else {
            switch openError {
            case ENOENT, ENOTDIR: throw MarketFileError(.missing, "there is no file \(path)")
            case EACCES: throw MarketFileError(.unreadable, "\(path) cannot be read: no permission")
            default: throw MarketFileError(.unreadable, "\(path) cannot be opened: \(Self.text(openError))")
            }
        }
        var information = stat()
        let status = fstat(descriptor, &information)
        let type = information.st_mode & S_IFMT
        guard status == 0, type == S_IFREG else {
            close(descriptor)
            if type == S_IFDIR {
                throw MarketFileError(.isFolder, "\(path) is a folder; name a CSV file in it")
            }
            throw MarketFileError(.unreadable, "\(path) is not a regular file")
        }
        self.path = path
        self.descriptor = descriptor
        fileSize = Int64(information.st_size)
        bytes = [UInt8](repeating: 0, count: Self.capacity)
    }

    deinit {
        close(descriptor)
    }

    /// How many bytes of the file have been consumed.
    var bytesConsumed: Int64 { bytesFromFile - Int64(end - start) }

    /// Whether ``refill()`` can bring more bytes without something being consumed first.
    var canRefill: Bool { !reachedEnd && end - start < Self.capacity }

    /// Marks the bytes before `index` as done with.
    mutating func consume(upTo index: Int) {
        start = index
    }

    /// Moves what has not been consumed to the front of the window and reads more behind it.
    ///
    /// - Throws: `readFailed`.
    mutating func refill() throws(MarketFileError) {
        let window = start..<end
        let target = descriptor
        let (count, readError) = bytes.withUnsafeMutableBytes { raw in
            UnsafeMutableRawBufferPointer(rebasing: raw[..<window.count])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[window]))
            let free = UnsafeMutableRawBufferPointer(rebasing: raw[window.count...])
            while true {
                let count = read(target, free.baseAddress, free.count)
                let readError = errno
                if count >= 0 || readError != EINTR { return (count, readError) }
            }
        }
        guard count >= 0 else {
            throw MarketFileError(.readFailed, "\(path) cannot be read any further: \(Self.text(readError))")
        }
        start = 0
        end = window.count + count
        bytesFromFile += Int64(count)
        reachedEnd = count == 0
    }

    private static func text(_ error: Int32) -> String {
        String(cString: strerror(error))
    }
}
