import Glibc

/// Reads files below `/proc` into one buffer, which it uses again and again.
struct ProcReader {
    private var buffer = [UInt8](repeating: 0, count: 4096)
    private var count = 0

    /// What the last ``read(_:limit:)`` has read.
    var contents: ArraySlice<UInt8> { buffer[..<count] }

    /// Reads the file at `path`, and no more than `limit` bytes of it.
    mutating func read(_ path: String, limit: Int = 64 << 10) throws(OwnedDescriptor.OpenFailure) {
        count = 0
        let file = try OwnedDescriptor(opening: path, flags: O_RDONLY)
        while count < limit {
            if count == buffer.count {
                buffer.append(contentsOf: repeatElement(0, count: buffer.count))
            }
            let length = buffer.withUnsafeMutableBytes { bytes in
                let free = UnsafeMutableRawBufferPointer(rebasing: bytes[count..<min(bytes.count, limit)])
                return Glibc.read(file.rawValue, free.baseAddress, free.count)
            }
            if length > 0 {
                count += length
            } else if length == 0 {
                return
            } else if errno != EINTR {
                throw OwnedDescriptor.OpenFailure(errno: errno)
            }
        }
    }

    /// The contents as text.
    var text: String { String(decoding: contents, as: UTF8.self) }

    /// The number after `name` and blanks at the beginning of a line, as in `/proc/PID/status` and `memory.events`.
    func number(after name: StaticString) -> UInt64? {
        var rest = contents
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            let line = rest[..<end]
            if line.count > name.utf8CodeUnitCount,
                line.prefix(name.utf8CodeUnitCount).elementsEqual(UnsafeBufferPointer(name))
            {
                let value = line.dropFirst(name.utf8CodeUnitCount).drop {
                    $0 == 32 || $0 == 9 || $0 == UInt8(ascii: ":")
                }
                return Self.number(value.prefix { (48...57).contains($0) })
            }
            rest = rest[min(end + 1, rest.endIndex)...]
        }
        return nil
    }

    /// Decimal digits and nothing else; `nil` for anything else, and for what does not fit.
    static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeNow) = product.addingReportingOverflow(UInt64(digit - 48))
            guard !isTooLarge, !isTooLargeNow else { return nil }
            number = sum
        }
        return number
    }

    /// The names in a folder that are numbers: the processes in `/proc`, the threads in `/proc/PID/task`.
    static func numbers(in folder: String) throws(OwnedDescriptor.OpenFailure) -> [Int32] {
        guard let directory = opendir(folder) else { throw OwnedDescriptor.OpenFailure(errno: errno) }
        defer { closedir(directory) }
        var numbers: [Int32] = []
        while let entry = readdir(directory) {
            var number: Int32 = 0
            let isNumber = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                for byte in name {
                    if byte == 0 { return true }
                    guard (48...57).contains(byte), number < Int32.max / 10 else { return false }
                    number = number * 10 + Int32(byte - 48)
                }
                return false
            }
            if isNumber { numbers.append(number) }
        }
        return numbers
    }
}

extension UnsafeBufferPointer where Element == UInt8 {
    fileprivate init(_ text: StaticString) {
        self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
