import CLinux
import Glibc

/// How long one kind of work may go on before the others get their turn: 20 ms.
struct Moment {
    private static let length: Int64 = 20_000_000
    /// Messages may lead to no callback, and so to no look at the clock.
    private static let messagesPerLook = 64

    private let start = qc_monotonic_ns()
    private var messages = 0

    /// Whether there is time for another message.
    ///
    /// - Parameters:
    ///   - known: a time that somebody else has read, which saves looking at the clock for each message.
    ///   - givingWay: whether others who wait for the processor come first: what is late is not made later by a moment, and what is not is.
    mutating func goesOn(at known: Int64?, givingWay: Bool = false) -> Bool {
        messages += 1
        if givingWay, messages % Self.messagesPerLook == 0 { sched_yield() }
        let now = messages % Self.messagesPerLook == 0 ? qc_monotonic_ns() : known ?? start
        return now - start < Self.length
    }
}
