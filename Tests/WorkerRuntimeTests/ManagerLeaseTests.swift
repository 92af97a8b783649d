import Testing

@testable import WorkerRuntime

struct ManagerLeaseTests {
    private static let second: Int64 = 1_000_000_000

    /// Looks every `step` seconds, from `start` on, until there is another verdict than `wait` and `ask`, and says when that was.
    private func over(_ lease: inout ManagerLease, from start: Double = 0, step: Double, until end: Double) -> Double? {
        for time in stride(from: start, through: end, by: step) where look(&lease, at: time) == .over { return time }
        return nil
    }

    private func look(_ lease: inout ManagerLease, at seconds: Double) -> ManagerLease.Verdict {
        lease.look(at: Int64(seconds * 1e9))
    }

    @Test(arguments: [(60.0, 10.0), (30.0, 5.0), (1.0, 0.2), (3600.0, 10.0)])
    func asksASixthOfTheLease(_ seconds: Double, _ interval: Double) {
        var lease = ManagerLease(seconds: seconds, at: 0)
        #expect(lease.nextLook == Int64(interval * 1e9))
        #expect(look(&lease, at: interval / 2) == .wait)
        #expect(look(&lease, at: interval) == .ask)
        #expect(look(&lease, at: interval) == .wait)
        #expect(lease.nextLook == Int64(interval * 2e9))
    }

    @Test func isOverWhenNothingWasHeardSinceItWasAsked() throws {
        var lease = ManagerLease(seconds: 60, at: 0)
        // Asked at 10 s, it may have gone at 10 s.
        #expect(over(&lease, step: 0.5, until: 1000) == 70.5)
    }

    @Test(arguments: [(60.0, 13.5), (5.0, 6.5)]) func aSpareDoesNotWaitForLong(_ seconds: Double, _ end: Double) {
        var lease = ManagerLease(seconds: seconds, at: 0)
        lease.isSpare = true
        #expect(over(&lease, step: 0.5, until: 1000) == end)
    }

    @Test func isNeverOverEarlier() {
        // The manager answers whatever it is asked, and dies at 48 s, 8 s after it has answered last.
        var lease = ManagerLease(seconds: 60, at: 0)
        for time in stride(from: 0, through: 48, by: 0.5) where look(&lease, at: time) == .ask { lease.heard() }
        #expect(over(&lease, from: 48.5, step: 0.5, until: 1000).map { $0 > 48 + 60 && $0 <= 48 + 60 + 10 } == true)
    }

    @Test func looksJustWhenItIsOver() {
        var lease = ManagerLease(seconds: 62, at: 0)
        for time in stride(from: 10.0, through: 70, by: 10) { #expect(look(&lease, at: time) == .ask) }
        #expect(lease.nextLook == 72 * Self.second)
        #expect(look(&lease, at: 72.001) == .over)
    }

    @Test func goesOnFromWhatWasHeard() {
        var lease = ManagerLease(seconds: 60, at: 0)
        #expect(over(&lease, step: 0.5, until: 69) == nil)
        lease.heard()
        #expect(over(&lease, from: 69.5, step: 0.5, until: 1000) == 130.5)
    }

    @Test func givesTheManagerTimeWhenNobodyLooked() {
        var lease = ManagerLease(seconds: 60, at: 0)
        #expect(look(&lease, at: 10) == .ask)
        // Stopped for 1,000 seconds before the answer came: the manager is asked again, and has one interval to answer.
        #expect(look(&lease, at: 1010) == .ask)
        #expect(over(&lease, from: 1010.5, step: 0.5, until: 1020) == nil)
        var unanswered = lease
        #expect(look(&unanswered, at: 1020.5) == .over)
        lease.heard()
        #expect(over(&lease, from: 1020.5, step: 0.5, until: 2000) == 1090.5)
    }

    @Test func doesNotWaitForEverWhereLooksAreRare() throws {
        var lease = ManagerLease(seconds: 60, at: 0)
        // One callback of 25 seconds after the other, and no manager.
        let end = try #require(over(&lease, step: 25, until: 10_000))
        #expect(end > 60 && end <= 300)
    }

    @Test func changesItsLength() {
        var lease = ManagerLease(seconds: 60, at: 0)
        lease.length = 4
        #expect(lease.interval == 666_666_666)
        #expect(over(&lease, step: 0.1, until: 100).map { $0 > 4.6 && $0 < 4.9 } == true)
        lease.length = 0
        #expect(lease.length == 1)
        lease.length = .infinity
        #expect(lease.length == 365 * 86400)
    }
}
