import Testing

@testable import ProcessControl

struct StopLadderTests {
    private let start = SuspendingClock.now

    private func instant(_ seconds: Double) -> StopLadder.Instant { start + .seconds(seconds) }

    @Test func climbsRungByRung() {
        var ladder = StopLadder()
        #expect(ladder.nextDeadline == nil)
        #expect(ladder.on(.begin, at: instant(0)) == [.ask])
        #expect(ladder.nextDeadline == instant(10))
        #expect(ladder.on(.deadlinePassed, at: instant(10)) == [.signal(.term)])
        #expect(ladder.nextDeadline == instant(15))
        #expect(ladder.on(.deadlinePassed, at: instant(15)) == [.signal(.kill)])
        #expect(ladder.nextDeadline == instant(20))
        #expect(ladder.on(.gone, at: instant(15.1)) == [.finished])
        #expect(ladder.nextDeadline == nil)
    }

    @Test func killIsRepeatedAndReportedOnce() {
        var ladder = StopLadder(.init(askGrace: nil, terminateGrace: nil, killInterval: .seconds(2)))
        #expect(ladder.on(.begin, at: instant(0)) == [.signal(.kill)])
        #expect(ladder.on(.deadlinePassed, at: instant(2)) == [.signal(.kill), .reportUnkillable])
        for second in stride(from: 4.0, through: 20, by: 2) {
            #expect(ladder.nextDeadline == instant(second))
            #expect(ladder.on(.deadlinePassed, at: instant(second)) == [.signal(.kill)])
        }
        #expect(ladder.on(.gone, at: instant(21)) == [.finished])
    }

    @Test func earlyDeadlineDoesNothing() {
        var ladder = StopLadder()
        #expect(ladder.on(.deadlinePassed, at: instant(100)) == [])
        _ = ladder.on(.begin, at: instant(0))
        #expect(ladder.on(.deadlinePassed, at: instant(9.999)) == [])
        #expect(ladder.nextDeadline == instant(10))
    }

    @Test func lateDeadlineCostsTheProcessNothing() {
        var ladder = StopLadder()
        _ = ladder.on(.begin, at: instant(0))
        #expect(ladder.on(.deadlinePassed, at: instant(1000)) == [.signal(.term)])
        #expect(ladder.nextDeadline == instant(1005))
    }

    @Test func repeatedBeginDoesNotStartAgain() {
        var ladder = StopLadder()
        _ = ladder.on(.begin, at: instant(0))
        #expect(ladder.on(.begin, at: instant(9)) == [])
        #expect(ladder.nextDeadline == instant(10))
    }

    @Test func rungsCanBeLeftOut() {
        var silent = StopLadder(.init(askGrace: nil))
        #expect(silent.on(.begin, at: instant(0)) == [.signal(.term)])
        var blunt = StopLadder(.init(terminateGrace: nil))
        #expect(blunt.on(.begin, at: instant(0)) == [.ask])
        #expect(blunt.on(.deadlinePassed, at: instant(10)) == [.signal(.kill)])
    }

    @Test func killIsNeverRepeatedWithoutAPause() {
        for interval in [Duration.zero, .seconds(-1), .milliseconds(1)] {
            #expect(StopLadder.Configuration(killInterval: interval).killInterval == .milliseconds(100))
        }
    }

    /// Every sequence of seven inputs, on every kind of ladder, against what must always hold.
    @Test(
        arguments: [nil, Duration.zero, .seconds(10)] as [Duration?],
        [nil, Duration.zero, .seconds(5)] as [Duration?]
    )
    func everySequence(askGrace: Duration?, terminateGrace: Duration?) {
        let configuration = StopLadder.Configuration(askGrace: askGrace, terminateGrace: terminateGrace)
        let expected: [StopLadder.Action] =
            (askGrace == nil ? [] : [.ask]) + (terminateGrace == nil ? [] : [.signal(.term)])
            + [.signal(.kill), .signal(.kill), .reportUnkillable]
        var sequences = 0

        func explore(_ ladder: StopLadder, _ inputs: [Input], _ past: [StopLadder.Action], _ now: StopLadder.Instant) {
            let begun = inputs.first { $0 == .begin || $0 == .gone } == .begin
            let gone = inputs.contains(.gone)
            let climbed = past.filter { $0 != .finished }
            // The rungs come in their order, none twice, until there is only SIGKILL left to repeat.
            #expect(climbed.prefix(expected.count).elementsEqual(expected.prefix(climbed.count)))
            #expect(climbed.dropFirst(expected.count).allSatisfy { $0 == .signal(.kill) })
            #expect(climbed.isEmpty == !begun)
            #expect(past.filter { $0 == .finished }.count == (gone ? 1 : 0))
            #expect(!gone || past.last == .finished)
            #expect((ladder.nextDeadline != nil) == (begun && !gone))
            sequences += 1
            guard inputs.count < 7 else { return }
            for input in Input.allCases {
                var next = ladder
                let (event, time) = input.event(for: ladder, after: now)
                let actions = next.on(event, at: time)
                explore(next, inputs + [input], past + actions, time)
            }
        }

        explore(StopLadder(configuration), [], [], start)
        #expect(
            sequences == (0...7).reduce(0) { total, length in total + (0..<length).reduce(1) { power, _ in power * 4 } }
        )
    }

    private enum Input: CaseIterable {
        case begin
        case deadlineTooEarly
        case deadline
        case gone

        func event(
            for ladder: StopLadder,
            after now: StopLadder.Instant
        ) -> (StopLadder.Event, StopLadder.Instant) {
            switch self {
            case .begin: (.begin, now)
            case .deadlineTooEarly: (.deadlinePassed, ladder.nextDeadline.map { $0 - .nanoseconds(1) } ?? now)
            case .deadline: (.deadlinePassed, ladder.nextDeadline ?? now)
            case .gone: (.gone, now)
            }
        }
    }
}
