/// Decides when what was sent and not confirmed is sent again: after 5 s, then twice as long each time, up to a minute. For what a
/// connection took with it when it broke. Time is handed in.
struct ResendTimer {
    private static let shortest: Int64 = 5_000_000_000
    private static let longest: Int64 = 60_000_000_000

    private var delay = shortest
    private var since: Int64

    init(at now: Int64) { since = now }

    /// Something was confirmed, or was sent when nothing else waited for it.
    mutating func progressed(at now: Int64) {
        since = now
        delay = Self.shortest
    }

    /// Whether to send again now.
    mutating func isDue(at now: Int64) -> Bool {
        guard now - since >= delay else { return false }
        since = now
        delay = min(delay * 2, Self.longest)
        return true
    }
}
