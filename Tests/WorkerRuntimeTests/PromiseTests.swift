import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

/// The promise: kill a strategy at any moment; when it is back, every bar has been handled once and every signal emitted once.
@Suite(.timeLimit(.minutes(2)))
struct PromiseTests {
    private static let topic = "market.BTC.kline"

    /// A crossover that is killed again and again gives the signals of one that is not.
    @Test func killsChangeNoSignal() throws {
        let record = Self.walk
        let undisturbed = try signals(of: record, lives: [.whole])
        #expect(undisturbed.signals.count > 200)
        var random = SeededGenerator(5)
        let kills = (0..<6).map { _ in Life.killed(afterSignals: Int.random(in: 20...60, using: &random)) }
        let disturbed = try signals(of: record, lives: kills + [.whole])
        #expect(disturbed.signals == undisturbed.signals)
        #expect(disturbed.state == undisturbed.state)
    }

    private static let crashPoints = [
        "worker.start.hosted", "worker.start.joined", "worker.start.done", "worker.signal.before:40",
        "worker.signal.sent:41", "worker.checkpoint.before", "worker.checkpoint.before:3", "worker.checkpoint.sent",
        "worker.checkpoint.sent:3", "worker.checkpoint.recorded", "worker.checkpoint.recorded:3",
        "worker.message.handled:777", "worker.replay.chunk", "worker.replay.chunk:2", "worker.stop.before",
        "worker.stop.saved",
    ]

    /// The same where it ends at each of the points at which it matters most, twice in a row.
    @Test(arguments: crashPoints) func aCrashAtAnyPointChangesNoSignal(_ point: String) throws {
        let record = Self.walk
        let undisturbed = try Self.undisturbed.get()
        let disturbed = try signals(of: record, lives: [.crashed(at: point), .crashed(at: point), .whole])
        #expect(disturbed.signals == undisturbed.signals)
        #expect(disturbed.state == undisturbed.state)
    }

    private static let undisturbed = Result { try PromiseTests().signals(of: walk, lives: [.whole]) }

    private static let count = 2000

    private static let walk: RecordEnd = {
        var random = SeededGenerator(11)
        var price = 100.0
        var record = RecordEnd()
        for sequence in 1...count {
            price += Double(Int.random(in: -8...8, using: &random)) / 4
            record.append(topic, UInt64(sequence), ManagerEnd.bar(UInt64(sequence), close: price))
        }
        return record
    }()

    private enum Life {
        /// Until all is handled, and a stop.
        case whole
        case killed(afterSignals: Int)
        case crashed(at: String)
    }

    private typealias Outcome = (signals: [String: JSONValue], state: JSONValue?)

    /// The signals of the crossover by id, and its last state, when all is handled by one process after the other.
    private func signals(of record: RecordEnd, lives: [Life]) throws -> Outcome {
        var signals: [String: JSONValue] = [:]
        var checkpoint: JSONValue?
        for life in lives {
            let manager = try start(life, record, checkpoint)
            do {
                try follow(life, manager, &signals)
            } catch is ManagerEnd.WorkerIsGone {
                guard case .crashed = life else { throw ManagerEnd.WorkerIsGone() }
                #expect(manager.exitCode() == 42)
            }
            if case .killed = life { kill(manager.process.processIdentifier, SIGKILL) }
            checkpoint = manager.lastCheckpoint ?? checkpoint
        }
        return (signals, checkpoint?["state"])
    }

    private func start(_ life: Life, _ record: RecordEnd, _ checkpoint: JSONValue?) throws -> ManagerEnd {
        var environment: [String: String] = [:]
        if case .crashed(let point) = life { environment["QUANTCELL_CRASH_POINT"] = point }
        let manager = try ManagerEnd(environment: environment)
        manager.record = record
        manager.record.limit = 300
        manager.checkpoint = checkpoint
        return manager
    }

    private func follow(_ life: Life, _ manager: ManagerEnd, _ signals: inout [String: JSONValue]) throws {
        var more: [String: JSONValue] = ["checkpoint_policy": ["messages": 100, "interval": 3600.0]]
        more["checkpoint"] = manager.checkpoint
        try manager.run(
            CompiledStrategy.smaCross.get(),
            params: ["fast": 3, "slow": 8],
            marker: manager.checkpoint == nil ? 0 : UInt64(Self.count),
            more: more
        )
        // The last bar shows that all the others are missing.
        if manager.checkpoint == nil { try manager.publish(Self.topic, manager.record.last) }
        var left = Int.max
        if case .killed(let count) = life { left = count }
        while left > 0 {
            let message = try manager.nextOnStatus { $0.type == .signal || isDone($0.payload) }
            guard message.type == .signal else { break }
            left -= 1
            let id = try #require(message.payload["signal_id"]?.stringValue)
            if let known = signals.updateValue(message.payload, forKey: id) { #expect(known == message.payload) }
        }
        switch life {
        case .killed: break
        case .whole: #expect(try manager.ask(.stop)["result"] == "done")
        case .crashed(let point):
            let answer = try manager.ask(.stop)
            // One that goes on from a checkpoint may have too little left to come there again.
            #expect(manager.checkpoint != nil && answer["result"] == "done", "it never came to \(point)")
        }
    }

    private func isDone(_ heartbeat: JSONValue) -> Bool {
        heartbeat["positions"]?[Self.topic] == .integer(Int64(Self.count)) && heartbeat["signals_pending"] == 0
    }
}
