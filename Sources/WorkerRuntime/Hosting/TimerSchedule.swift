import StrategyKit

/// A strategy's timers: which is due, and when the next one is. Time is handed in.
struct TimerSchedule {
    static let maxTimers = 1000
    private static let interval = Duration.milliseconds(1)...Duration.seconds(365 * 86400)

    private struct Timer {
        let name: String
        let interval: Int64
        var due: Int64
    }

    private var timers: [Timer] = []
    /// When the next timer is due, `nil` without timers.
    private(set) var nextDue: Int64?

    /// Sets a timer, in place of the one of that name.
    mutating func set(_ name: String, every interval: Duration, at now: Int64) throws(StrategyError) {
        guard Self.interval.contains(interval) else {
            throw StrategyError("timer '\(name)': an interval must be 1 ms to 365 days, not \(interval)")
        }
        let timer = Timer(name: name, interval: interval.nanoseconds, due: now + interval.nanoseconds)
        if let index = timers.firstIndex(where: { $0.name == name }) {
            timers[index] = timer
        } else {
            guard timers.count < Self.maxTimers else {
                throw StrategyError("timer '\(name)': there are \(Self.maxTimers) timers already")
            }
            timers.append(timer)
        }
        findNext()
    }

    mutating func cancel(_ name: String) {
        timers.removeAll { $0.name == name }
        findNext()
    }

    /// Takes the timer that has been due the longest and sets it for its next time that is still to come.
    mutating func takeDue(at now: Int64) -> String? {
        guard let nextDue, nextDue <= now, let index = timers.firstIndex(where: { $0.due == nextDue }) else {
            return nil
        }
        let timer = timers[index]
        // Times that have passed are left out: a timer that could not run for an hour must not run a thousand times now.
        timers[index].due += (1 + (now - timer.due) / timer.interval) * timer.interval
        findNext()
        return timer.name
    }

    /// Sets every timer anew, as after a pause.
    mutating func restart(at now: Int64) {
        for index in timers.indices { timers[index].due = now + timers[index].interval }
        findNext()
    }

    private mutating func findNext() {
        nextDue = timers.lazy.map(\.due).min()
    }
}
