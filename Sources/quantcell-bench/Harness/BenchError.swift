import Glibc

/// Why a measurement could not be taken.
struct BenchError: Error, CustomStringConvertible {
    /// What failed and, where there is something to do about it, what.
    let description: String
    /// Whether the manager works, and has said no.
    let isRefusal: Bool

    init(_ description: String, isRefusal: Bool = false) {
        self.description = description
        self.isRefusal = isRefusal
    }

    /// A system call that has just failed.
    static func system(_ operation: String, errno: Int32) -> BenchError {
        BenchError("cannot \(operation): \(String(cString: strerror(errno)))")
    }
}
