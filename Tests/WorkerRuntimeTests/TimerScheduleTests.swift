import StrategyKit
import Testing

@testable import WorkerRuntime

struct TimerScheduleTests {
    private let second: Int64 = 1_000_000_000

    @Test func timersAreDueAfterEachInterval() throws {
        var schedule = TimerSchedule()
        try schedule.set("a", every: .seconds(2), at: 0)
        try schedule.set("b", every: .seconds(3), at: 0)
        var fired: [String] = []
        for now in 1...6 {
            while let name = schedule.takeDue(at: Int64(now) * second) { fired.append("\(now)\(name)") }
        }
        #expect(fired == ["2a", "3b", "4a", "6a", "6b"])
        #expect(schedule.nextDue == 8 * second)
    }

    @Test func missedTimesAreNotMadeUpFor() throws {
        var schedule = TimerSchedule()
        try schedule.set("a", every: .seconds(1), at: 0)
        #expect(schedule.takeDue(at: 3600 * second + 1) == "a")
        #expect(schedule.takeDue(at: 3600 * second + 1) == nil)
        #expect(schedule.nextDue == 3601 * second)
    }

    @Test func theSameNameReplacesAndCancelRemoves() throws {
        var schedule = TimerSchedule()
        try schedule.set("a", every: .seconds(1), at: 0)
        try schedule.set("a", every: .seconds(5), at: 0)
        #expect(schedule.nextDue == 5 * second)
        schedule.cancel("a")
        #expect(schedule.nextDue == nil)
        #expect(schedule.takeDue(at: .max) == nil)
    }

    @Test func aPauseStartsTheIntervalsAnew() throws {
        var schedule = TimerSchedule()
        try schedule.set("a", every: .seconds(2), at: 0)
        schedule.restart(at: 100 * second)
        #expect(schedule.takeDue(at: 101 * second) == nil)
        #expect(schedule.takeDue(at: 102 * second) == "a")
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .microseconds(999), .seconds(366 * 86400)])
    func anIntervalOutOfRangeIsRefused(_ interval: Duration) {
        var schedule = TimerSchedule()
        #expect(throws: StrategyError.self) { try schedule.set("a", every: interval, at: 0) }
        #expect(schedule.nextDue == nil)
    }

    @Test func thereIsALimit() throws {
        var schedule = TimerSchedule()
        for number in 0..<TimerSchedule.maxTimers { try schedule.set("\(number)", every: .seconds(1), at: 0) }
        #expect(throws: StrategyError.self) { try schedule.set("one more", every: .seconds(1), at: 0) }
        try schedule.set("7", every: .seconds(2), at: 0)
    }
}
