/// Why a ring cannot be used.
package struct RingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what failed, and why.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
