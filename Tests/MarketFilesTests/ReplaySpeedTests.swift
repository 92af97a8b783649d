import MarketFiles
import Testing

@Suite struct ReplaySpeedTests {
    @Test(arguments: [
        ("max", ReplaySpeed.max), ("realtime", .multiple(1)), ("60x", .multiple(60)), ("0.5x", .multiple(0.5)),
        ("1.5X", .multiple(1.5)),
        ("1e3x", .multiple(1000)),
    ])
    func reads(text: String, speed: ReplaySpeed) {
        #expect(ReplaySpeed(text) == speed)
    }

    @Test(arguments: [
        "", "x", "60", "0x", "-1x", "nanx", "infx", "1e999x", "0x10", "60 x", " 60x", "fast", "Max", "60xx",
    ])
    func refuses(text: String) {
        #expect(ReplaySpeed(text) == nil)
    }

    @Test func spacesEventsByTheFactor() {
        let start: Int64 = 1_640_991_660_000_000_000
        let minute: Int64 = 60_000_000_000
        #expect(ReplaySpeed.max.delay(between: start, and: start + minute) == .zero)
        #expect(ReplaySpeed.multiple(1).delay(between: start, and: start + minute + 1) == .nanoseconds(minute + 1))
        #expect(ReplaySpeed.multiple(60).delay(between: start, and: start + minute) == .seconds(1))
        #expect(ReplaySpeed.multiple(0.5).delay(between: start, and: start + minute) == .seconds(120))
        #expect(ReplaySpeed.multiple(7).delay(between: start, and: start) == .zero)
        #expect(ReplaySpeed.multiple(7).delay(between: start, and: start - 1) == .zero)
    }

    @Test func isBoundedHoweverFarApart() {
        let limit = Duration.nanoseconds(Int64.max)
        #expect(ReplaySpeed.multiple(1).delay(between: .min, and: .max) == limit)
        #expect(ReplaySpeed.multiple(.leastNonzeroMagnitude).delay(between: 0, and: 1) == limit)
        #expect(ReplaySpeed.multiple(.greatestFiniteMagnitude).delay(between: .min, and: .max) == .zero)
    }
}
