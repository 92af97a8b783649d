/// Why a piece of JSON was refused, and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in words.
    public let reason: String
    /// The byte at which it was noticed, counted from 0.
    public let offset: Int

    package init(_ reason: String, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// One line for a log or an answer.
    public var description: String { "\(reason) at byte \(offset)" }
}
