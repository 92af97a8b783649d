/// Why a worker cannot go on, in one line.
struct WorkerFailure: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String
    /// Whether another process would fail in the same way, until a person does something about it.
    let isFinal: Bool

    init(_ description: String, isFinal: Bool = false) {
        self.description = description
        self.isFinal = isFinal
    }
}
