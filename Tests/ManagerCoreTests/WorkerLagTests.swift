import MarketData
import Testing
import WireProtocol

@testable import ManagerCore

@Suite("How far a worker is behind")
struct WorkerLagTests {
    private let start = SuspendingClock().now

    private func lag(_ positions: [String: JSONValue], receivedAt: Int64 = 1_000_000_000) -> WorkerLag {
        var lag = WorkerLag()
        lag.heard(["positions": .object(positions), "handled_receive_ns": .integer(receivedAt)])
        return lag
    }

    private func lasts(_ sequences: [String: UInt64], at time: Int64) -> [String: DataBroker.Last] {
        sequences.mapValues { DataBroker.Last(sequence: $0, receiveTime: time) }
    }

    @Test("messages by sequence, seconds by the times at which they were received")
    func counts() {
        var lag = lag(["a": 5, "b": 7])
        #expect(lag.json == [:])
        lag.compare(with: lasts(["a": 8, "b": 7], at: 3_500_000_000), now: 0)
        #expect(lag.json == ["lag_messages": 3, "lag_seconds": 2.5])
        // What an earlier manager has taken has no time; now is as late as it can have been.
        lag.compare(with: lasts(["a": 6, "b": 8], at: 0), now: 2_000_000_000)
        #expect(lag.json == ["lag_messages": 2, "lag_seconds": 1.0])
        // A heartbeat may be newer than what the broker said.
        lag.compare(with: lasts(["a": 4, "b": 7], at: 9_000_000_000), now: 0)
        #expect(lag.json == ["lag_messages": 0, "lag_seconds": 0.0])
    }

    @Test("one that is behind and does not move is told, once in a while")
    func stuck() {
        var lag = lag(["a": 5])
        var answers: [Bool] = []
        lag.compare(with: lasts(["a": 8], at: 0), now: 0)
        for milliseconds in [0, 0, 999, 1000] { answers.append(lag.isStuck(at: start + .milliseconds(milliseconds))) }
        #expect(answers == [false, true, false, true])
        lag.heard(["positions": ["a": 6]])
        let hasMoved = !lag.isStuck(at: start + .seconds(3))
        #expect(hasMoved)
        lag.heard(["positions": ["a": 8]])
        lag.compare(with: lasts(["a": 8], at: 0), now: 0)
        answers = [5, 6].map { lag.isStuck(at: start + .seconds($0)) }
        #expect(answers == [false, false])
    }
}
