import Glibc

/// A log file, read from near its end and then on as it grows.
struct LogTail: ~Copyable {
    /// How far back from the end the beginning of the last lines is looked for.
    static let maxTailBytes: Int64 = 16 << 20

    private let path: String
    private var descriptor: Int32
    private var offset: Int64 = 0
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// Opens the file.
    ///
    /// - Throws: ``CommandFailure`` with exit code 66 when it is missing or cannot be read.
    init(path: String) throws(CommandFailure) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .noInput("\(path): \(errorText(errno))") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Goes to where the last lines begin.
    ///
    /// - Returns: `false` when they begin further back than ``maxTailBytes``; reading then starts with the first whole
    ///   line there.
    mutating func seek(toLastLines count: Int) -> Bool {
        let end = size
        let firstByte = findFirstByte()
        let bound = max(end - Self.maxTailBytes, firstByte)
        var position = end
        var newlines = 0
        while position > bound {
            let length = min(Int64(buffer.count), position - bound)
            position -= length
            let got = readBytes(at: position, count: Int(length))
            for index in stride(from: got - 1, through: 0, by: -1) where buffer[index] == UInt8(ascii: "\n") {
                // The newline at the very end closes the last line; it does not begin another.
                if position + Int64(index) == end - 1 { continue }
                newlines += 1
                if newlines == count {
                    offset = position + Int64(index) + 1
                    return true
                }
            }
        }
        offset = count == 0 ? end : bound
        guard bound > firstByte, count > 0 else { return true }
        skipToNextLine(until: end)
        return false
    }

    /// Where the log begins: what it has dropped is a hole at the beginning of the file, which reads as zeros.
    private mutating func findFirstByte() -> Int64 {
        // SEEK_DATA, which the Glibc module leaves out. It finds the block, in which zeros may be left.
        var position = max(Int64(lseek(descriptor, 0, 3)), 0)
        guard position > 0 else { return 0 }
        while case let count = readBytes(at: position, count: buffer.count), count > 0 {
            let zeros = buffer[..<count].prefix { $0 == 0 }.count
            position += Int64(zeros)
            if zeros < count { break }
        }
        return position
    }

    /// Hands on what is in the file behind what was read before, piece by piece.
    mutating func readOn(_ handle: (UnsafeRawBufferPointer) throws(CommandFailure) -> Void) throws(CommandFailure) {
        while true {
            let count = readBytes(at: offset, count: buffer.count)
            if count == 0 { return }
            offset += Int64(count)
            let result = buffer.withUnsafeBytes { bytes in
                Result { () throws(CommandFailure) in try handle(UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
            }
            try result.get()
        }
    }

    /// Starts again from the beginning where the file has been cut, or where another one stands in its place.
    ///
    /// - Returns: Whether there may be something to read.
    mutating func reopenIfChanged() -> Bool {
        var current = stat()
        var mine = stat()
        guard stat(path, &current) == 0, fstat(descriptor, &mine) == 0 else { return false }
        if current.st_ino == mine.st_ino, current.st_dev == mine.st_dev {
            if Int64(mine.st_size) < offset { offset = 0 }
            return true
        }
        let next = open(path, O_RDONLY | O_CLOEXEC)
        guard next >= 0 else { return false }
        close(descriptor)
        descriptor = next
        offset = 0
        return true
    }

    private var size: Int64 {
        var information = stat()
        return fstat(descriptor, &information) == 0 ? Int64(information.st_size) : 0
    }

    private mutating func skipToNextLine(until end: Int64) {
        while offset < end {
            let count = readBytes(at: offset, count: buffer.count)
            if count == 0 { return }
            if let newline = buffer[..<count].firstIndex(of: UInt8(ascii: "\n")) {
                offset += Int64(newline) + 1
                return
            }
            offset += Int64(count)
        }
    }

    /// How many bytes were read; 0 at the end, and when the system reports an error.
    private mutating func readBytes(at position: Int64, count: Int) -> Int {
        while true {
            let got = buffer.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, min(count, $0.count), Int(position))
            }
            if got >= 0 { return got }
            if errno != EINTR { return 0 }
        }
    }
}
