/// Why a worker cannot go on, in one line.
struct WorkerFailure: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
