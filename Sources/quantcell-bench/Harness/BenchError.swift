import Glibc

/// Why a measurement could not be taken.
struct BenchError: Error, CustomStringConvertible {
    /// What failed and, where there is something to do about it, what.
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A system call that has just failed.
    static func system(_ operation: String, errno: Int32) -> BenchError {
        BenchError("cannot \(operation): \(String(cString: strerror(errno)))")
    }
}
