import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// The real bars, replayed as fast as they go to a strategy that remembers, while it and its manager are killed at random; the same
/// moments for the same seed, but for what the machine adds.
final class NothingIsLostRun {
    /// What there is at the end.
    struct Ending: Equatable {
        /// The text of the saved state.
        let state: String
        /// What was emitted, in the order of the journal, without what depends on the time of day and on the process.
        let signals: [String]
    }

    /// What is to die.
    private enum Victim {
        case worker, manager, both
    }

    private static func config(_ lane: String) -> String {
        """
        broker: {data_lane: \(lane)}
        pool: {min_size: 2, python_min_size: 2, max_size: 4}
        supervisor:
          restart_policy: {max_restarts: 1000, restart_window: 1s, backoff_base: 1ms, backoff_max: 5ms, jitter: 0}
          health: {heartbeat_interval: 50ms}
          checkpoint: {messages: 700, interval: 100ms}
          orphan_lease: 10s
          storm: {spawn_rate: 1000, spawn_burst: 500, failures: 1000}
        """
    }
    private static let worker = "sma"
    private static let topic = "market.\(RealBars.symbol).kline"

    private let folder: TestFolder
    private let manager: TestManager
    private let lane: String
    private var random: SplitMix64
    /// What happened, for whoever has to find out why a run failed.
    private(set) var history: [String] = []

    /// - Parameters:
    ///   - strategy: The file of a moving-average crossover.
    ///   - lane: By which way the bars come.
    init(_ folder: TestFolder, _ strategy: String, seed: UInt64, lane: String) throws {
        self.folder = folder
        random = SplitMix64(seed: seed)
        manager = try TestManager(Self.config(lane), in: folder)
        self.lane = lane
        try manager.start(
            strategy,
            name: Self.worker,
            symbols: [.string(RealBars.symbol)],
            params: ["fast": 5, "slow": 20]
        )
    }

    /// Replays all bars, and lets the worker and the manager die so many times meanwhile.
    func run(killingWorker: Int, manager managerKills: Int) throws -> Ending {
        var victims = Array(repeating: Victim.worker, count: max(killingWorker - managerKills / 2, 0))
        victims += Array(repeating: Victim.manager, count: managerKills - managerKills / 2)
        victims += Array(repeating: Victim.both, count: managerKills / 2)
        victims.shuffle(using: &random)
        let moments = victims.map { _ in UInt64.random(in: 1..<UInt64(RealBars.count), using: &random) }.sorted()
        let replay = try manager.program(
            Build.program("quantcell"),
            ["replay", RealBars.path, "--symbol", RealBars.symbol, "--speed", "max", "--json"]
        )
        for (moment, victim) in zip(moments, victims) {
            // The publisher waits where it is ahead of the next death: each of them comes before the end of the replay.
            try untilPublished(moment)
            try replay.send(.stop)
            try die(victim)
            try replay.send(.cont)
        }
        let summary = try replay.finish()
        #expect(summary.code == 0, "\(summary.errors)")
        #expect(try JSONValue(parsing: summary.output)["sent"] == .integer(Int64(RealBars.count)))
        return try ending()
    }

    private func untilPublished(_ sequence: UInt64) throws {
        try manager.asking("bar \(sequence) is published") { try published() >= sequence }
    }

    private func published() throws -> UInt64 {
        let topics = try manager.ask(.topics)["topics"]?.arrayValue ?? []
        let topic = topics.first { $0["topic"]?.stringValue == Self.topic }
        return topic?["sequence"]?.integerValue.flatMap { UInt64(exactly: $0) } ?? 0
    }

    private func die(_ victim: Victim) throws {
        let status = try manager.status(Self.worker)
        history.append("\(victim) at \(try published()), generation \(status["generation"]?.text ?? "?")")
        if victim != .manager, let pid = status["pid"]?.integerValue { kill(Int32(pid), SIGKILL) }
        if victim != .worker {
            try manager.crash()
            try manager.startAgain(folder)
        }
        // Now and then it dies again before it has caught up, or has even started.
        guard Int.random(in: 0..<4, using: &random) > 0 else { return }
        try manager.until(Self.worker, isIn: "running")
        let pause = Duration.milliseconds(Int.random(in: 0...30, using: &random))
        #expect(!Deadline(within: pause).wait(for: manager.process.pidFileDescriptor))
    }

    // MARK: What must hold at the end

    private func ending() throws -> Ending {
        try manager.until(Self.worker, hasHandled: Self.topic, upTo: RealBars.count)
        // A worker that says nothing of it gets its data over ZeroMQ.
        #expect(try manager.status(Self.worker)["metadata"]?["lane"]?.stringValue ?? "zmq" == lane)
        // It ends only when all that it leaves is on disk.
        try manager.ask(.stop, Self.worker)
        let checkpoint = try #require(try manager.ask(.checkpoint, Self.worker)["checkpoint"])
        #expect(checkpoint["positions"] == [Self.topic: .integer(Int64(RealBars.count))])
        try checkRecord()
        let signals = try manager.signals(of: Self.worker).map { signal in
            ["signal_id", "name", "side", "symbol", "data_type", "sequence", "event_time", "price", "data"]
                .map { signal[$0]?.text ?? "-" }.joined(separator: " ")
        }
        #expect(try manager.stop() == .exited(code: 0))
        // Who was a spare, or starting, when its manager died, ends by itself.
        for process in Leftovers.processes(with: folder.path) { try Processes.end(of: process.pid, process.command) }
        return Ending(state: try #require(checkpoint["state"]).text, signals: signals)
    }

    private func checkRecord() throws {
        let topics = try manager.ask(.history)["topics"]?.arrayValue ?? []
        let topic = try #require(topics.first { $0["topic"]?.stringValue == Self.topic })
        let count = JSONValue.integer(Int64(RealBars.count))
        #expect(topic["messages"] == count)
        #expect(topic["first"] == 1)
        #expect(topic["last"] == count)
        #expect(try manager.ask(.history, nil, ["op": "gaps"])["gaps"] == [])
        #expect(try manager.status(Self.worker)["metadata"]?["gaps"] == 0)
    }
}
