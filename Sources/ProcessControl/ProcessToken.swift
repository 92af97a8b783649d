import Glibc

/// The secret that a worker and all its descendants carry in their environment, by which they are found and proven.
enum ProcessToken {
    /// The variable that holds it.
    static let variable: StaticString = "QUANTCELL_TOKEN="

    /// What could be learned about a process' token.
    enum Finding: Equatable {
        case token(ArraySlice<UInt8>)
        /// It has none, or it is none of our business.
        case none
        /// It has no environment, or half of one: cleared, or just now in execve(2), between the old and the new one.
        case unclear
        /// There is no such process any more.
        case ended
    }

    /// Looks into the environment that the process was started with.
    static func find(pid: Int32, with reader: inout ProcReader) -> Finding {
        do {
            // More than the kernel lets anybody have under the usual stack limit.
            try reader.read("/proc/\(pid)/environ", limit: 4 << 20)
        } catch {
            return error.errno == ENOENT || error.errno == ESRCH ? .ended : .none
        }
        let environment = reader.contents
        if let token = value(in: environment) { return .token(token) }
        // The kernel cuts it short when the process executes another program meanwhile.
        return environment.last == 0 ? .none : .unclear
    }

    private static func value(in environment: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        environment.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count, let base = bytes.baseAddress {
                let end =
                    memchr(base + start, 0, bytes.count - start).map { UnsafeRawPointer($0) - base } ?? bytes.count
                if end - start >= variable.utf8CodeUnitCount,
                    memcmp(base + start, variable.utf8Start, variable.utf8CodeUnitCount) == 0
                {
                    let first = environment.startIndex + start + variable.utf8CodeUnitCount
                    return environment[first..<(environment.startIndex + end)]
                }
                start = end + 1
            }
            return nil
        }
    }
}
