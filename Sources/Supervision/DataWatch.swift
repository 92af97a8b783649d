/// Notices that a worker's topics move on without it.
///
/// It is told, with each heartbeat, how much the worker has handled in all, and how much its topics have carried in all. The two are measured
/// at different places and times, so single differences prove nothing. Data counts as missed when it was there at one
/// heartbeat and is still not handled at the next; and only a worker that has missed data twice, with
/// the limit between, while handling nothing at all and running no callback, is starved. A topic that falls silent starves nobody.
struct DataWatch: Sendable {
    private var last: (handled: UInt64, offered: UInt64)?
    /// What had been offered when it last handled something.
    private var base: UInt64 = 0
    /// When data was missed for the first time since, and how much there was then.
    private var firstMiss: (at: SuspendingClock.Instant, offered: UInt64)?

    /// Takes in the totals at a heartbeat.
    ///
    /// - Returns: Since when it has missed data, where that has gone on from then until now; `nil` where it has not.
    mutating func update(handled: UInt64, offered: UInt64, at now: SuspendingClock.Instant) -> SuspendingClock.Instant?
    {
        defer { last = (handled, offered) }
        // A smaller total is a topic that has been given up.
        guard let last, last.handled == handled, last.offered <= offered else {
            firstMiss = nil
            base = offered
            return nil
        }
        guard last.offered > base else { return nil }
        guard let firstMiss else {
            firstMiss = (now, last.offered)
            return nil
        }
        return last.offered > firstMiss.offered ? firstMiss.at : nil
    }

    /// Whether it is known to have handled something, or never to have missed anything.
    var isFed: Bool { firstMiss == nil }

    /// Begins anew, as when data begins to flow or the manager was away.
    mutating func reset() {
        self = DataWatch()
    }
}
