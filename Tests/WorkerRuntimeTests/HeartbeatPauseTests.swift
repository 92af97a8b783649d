import Testing

@testable import WorkerRuntime

/// When the heart beats.
struct HeartbeatPauseTests {
    /// The machine's clock, when it is so many nanoseconds past a tenth of the interval.
    private func time(_ tenths: Int64, of interval: Int32, past nanoseconds: Int64) -> Int64 {
        tenths * Int64(interval) * 100_000 + nanoseconds
    }

    @Test(arguments: [10, 20, 100, 1000, 30_000, 3_600_000] as [Int32])
    func beatsOfAllFallOnTheSameTenths(interval: Int32) {
        let step = Int64(interval) * 100_000
        for past in [0, 1, 999_999, step / 3, step - 1] where past < step {
            let now = time(123, of: interval, past: past)
            let pause = HeartbeatThread.pause(intervalMilliseconds: interval, at: now)
            #expect(pause <= interval)
            #expect(Int64(pause) * 1_000_000 >= Int64(interval) * 900_000)
            // A millisecond is what the wait is rounded up to.
            let lateness = (now + Int64(pause) * 1_000_000) % step
            #expect(lateness < 1_000_000, "\(past)")
        }
    }

    @Test func whoWokeLateDoesNotFallBehind() {
        // The beat that was due at 100 tenths came 30 ms late; the next is due at 110 all the same.
        let now = time(100, of: 1000, past: 30_000_000)
        #expect(HeartbeatThread.pause(intervalMilliseconds: 1000, at: now) == 970)
    }

    @Test func neverWaitsForNothing() {
        for now in [0, 1, 999_999, 1_000_000] as [Int64] {
            #expect(HeartbeatThread.pause(intervalMilliseconds: 1, at: now) == 1)
            #expect(HeartbeatThread.pause(intervalMilliseconds: 0, at: now) == 1)
        }
    }
}
