import Glibc

/// Standard input, line by line, with bounded memory.
struct LineReader {
    /// What came next.
    enum Line {
        /// A line without its end.
        case text(ArraySlice<UInt8>)
        /// A line that was longer than ``maxBytes`` and has been passed over.
        case tooLong
    }

    /// The longest line, in bytes.
    static let maxBytes = 1 << 20

    /// Number of the line that was read last, from 1.
    private(set) var number = 0

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// Reads from an open descriptor, which stays open.
    init(descriptor: Int32 = STDIN_FILENO) {
        self.descriptor = descriptor
    }

    /// The next line, or `nil` at the end.
    ///
    /// - Parameter goesOn: Called ten times a second while there is nothing to read; where it returns `false`, that is the end.
    /// - Throws: ``CommandFailure`` with exit code 66 when the system reports an error, and what `goesOn` throws.
    mutating func next(
        whileWaiting goesOn: () throws(CommandFailure) -> Bool = { true }
    ) throws(CommandFailure) -> Line? {
        var isTooLong = false
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                return line(upTo: end, isTooLong)
            }
            if isAtEnd {
                return start < buffer.count || isTooLong ? line(upTo: buffer.count, isTooLong) : nil
            }
            if buffer.count - start > Self.maxBytes {
                isTooLong = true
                start = buffer.count
            }
            guard try waitForInput(goesOn) else { return nil }
            try refill()
            searched = isTooLong ? start : max(buffer.count - Self.pieceBytes, start)
        }
    }

    private mutating func line(upTo end: Int, _ isTooLong: Bool) -> Line {
        number += 1
        let text = buffer[start..<end]
        start = min(end + 1, buffer.count)
        return isTooLong || text.count > Self.maxBytes ? .tooLong : .text(text)
    }

    private static let pieceBytes = 65_536
    private static let sliceMilliseconds: Int32 = 100

    private func waitForInput(_ goesOn: () throws(CommandFailure) -> Bool) throws(CommandFailure) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // An error, other than a signal, is what reading will report too.
        while poll(&item, 1, Self.sliceMilliseconds) == 0 || item.revents == 0 {
            guard try goesOn() else { return false }
        }
        return true
    }

    /// Reads one more piece behind what has not been handed out.
    private mutating func refill() throws(CommandFailure) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        let held = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.pieceBytes))
        let (count, number) = buffer.withUnsafeMutableBytes { bytes in
            while true {
                let count = read(descriptor, bytes.baseAddress?.advanced(by: held), Self.pieceBytes)
                let number = errno
                if count >= 0 || number != EINTR { return (count, number) }
            }
        }
        buffer.removeLast(Self.pieceBytes - max(count, 0))
        if count < 0 { throw .noInput("standard input cannot be read: \(errorText(number))") }
        isAtEnd = count == 0
    }
}
