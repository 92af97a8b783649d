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

    @Test func isOverWhenNothingWasHeardForLonger() throws {
        var lease = ManagerLease(seconds: 60, at: 0)
        #expect(over(&lease, step: 0.5, until: 1000) == 60.5)
    }

    @Test func looksJustWhenItIsOver() {
        var lease = ManagerLease(seconds: 60, at: 0)
        lease.heard(at: 3 * Self.second)
        for time in stride(from: 10.0, through: 60, by: 10) { #expect(look(&lease, at: time) == .ask) }
        #expect(lease.nextLook == 63 * Self.second)
        #expect(look(&lease, at: 63.001) == .over)
    }

    @Test func goesOnFromWhatWasHeard() {
        var lease = ManagerLease(seconds: 60, at: 0)
        #expect(over(&lease, step: 0.5, until: 59) == nil)
        lease.heard(at: 59 * Self.second)
        #expect(over(&lease, from: 59.5, step: 0.5, until: 1000) == 119.5)
    }

    @Test func givesTheManagerTimeWhenNobodyLooked() {
        var lease = ManagerLease(seconds: 60, at: 0)
        // Stopped for 1,000 seconds: the manager is asked, and has one interval to answer.
        #expect(look(&lease, at: 1000) == .ask)
        #expect(over(&lease, from: 1000.5, step: 0.5, until: 1010) == nil)
        var unanswered = lease
        #expect(look(&unanswered, at: 1010.5) == .over)
        lease.heard(at: 1_009_900_000_000)
        #expect(look(&lease, at: 1010.5) == .wait)
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
        #expect(over(&lease, step: 0.1, until: 100).map { $0 > 4 && $0 < 4.2 } == true)
        lease.length = 0
        #expect(lease.length == 1)
        lease.length = .infinity
        #expect(lease.length == 365 * 86400)
    }
}
