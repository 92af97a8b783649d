internal import Glibc

/// Why a thread cannot be started.
package struct ThreadError: Error, CustomStringConvertible {
    /// The thread's name.
    package let name: String
    /// An `errno`.
    package let code: Int32

    package var description: String { "cannot start the thread '\(name)': \(String(cString: strerror(code)))" }
}
