import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// A worker of another language loses nothing either, if it does all that the protocol's page says: killed again and again, with its
/// manager or without it, it handles every bar once and emits every signal once.
@Suite(.needsPython) struct AnyLanguageExactnessTests {
    private static let config = """
        pool: {min_size: 0}
        supervisor:
          restart_policy: {max_restarts: 1000, restart_window: 1s, backoff_base: 1ms, backoff_max: 5ms, jitter: 0}
          health: {heartbeat_interval: 50ms}
          storm: {spawn_rate: 1000, spawn_burst: 500, failures: 1000}
        """
    private static let topic = "market.X.kline"

    @Test(arguments: [1, 2] as [UInt64])
    func everyBarIsHandledOnceAndEverySignalEmittedOnce(seed: UInt64) async throws {
        try await withFolder { folder in
            var random = SplitMix64(seed: seed)
            let closes = (0..<6000).map { _ in Double(Int.random(in: 1...50, using: &random)) }
            let path = "\(folder.path)/bars.csv"
            let rows = closes.enumerated().map { "\(1_700_000_000 + 60 * $0),\($1),\($1),\($1),\($1),1" }
            try (["timestamp,open,high,low,close,volume"] + rows).joined(separator: "\n")
                .write(toFile: path, atomically: false, encoding: .utf8)
            let manager = try TestManager(Self.config, in: folder)
            try manager.start(ForeignWorker.python.executable(manager), name: "t")

            let replay = try manager.program(
                Build.program("quantcell"),
                ["replay", path, "--symbol", "X", "--speed", "max"]
            )
            let moments = (0..<6).map { _ in Int.random(in: 1..<closes.count, using: &random) }.sorted()
            for (index, moment) in moments.enumerated() {
                // The publisher waits meanwhile: each of them comes before the end of the replay.
                try manager.asking("bar \(moment) is published") { try published(manager) >= moment }
                try replay.send(.stop)
                try die(manager, folder, worker: index % 3 != 1, manager: index % 3 != 0)
                try replay.send(.cont)
            }
            #expect(try replay.finish().code == 0)
            try manager.until("t", hasHandled: Self.topic, upTo: closes.count)
            #expect(try manager.signals(of: "t").map(Turn.init) == Turn.all(of: closes))
            let status = try manager.status("t")
            #expect(status["metadata"]?["gaps"] == 0)
            #expect((status["generation"]?.integerValue ?? 0) >= 5)

            // It ends only when all that it leaves is on disk.
            try manager.ask(.stop, "t")
            let checkpoint = try #require(try manager.ask(.checkpoint, "t")["checkpoint"])
            #expect(checkpoint["positions"] == [Self.topic: .integer(Int64(closes.count))])
            #expect(checkpoint["state"]?[Self.topic]?.arrayValue?.first?.doubleValue == closes.last)
            #expect(try manager.stop() == .exited(code: 0))
            for process in Leftovers.processes(with: folder.path) {
                try Processes.end(of: process.pid, process.command)
            }
        }
    }

    private func published(_ manager: TestManager) throws -> Int {
        let topics = try manager.ask(.topics)["topics"]?.arrayValue ?? []
        let topic = topics.first { $0["topic"]?.stringValue == Self.topic }
        return topic?["sequence"]?.integerValue.map(Int.init) ?? 0
    }

    private func die(_ manager: TestManager, _ folder: TestFolder, worker: Bool, manager dies: Bool) throws {
        let before = try manager.until("t", isIn: "running").pid
        if worker { kill(before, SIGKILL) }
        if dies {
            try manager.crash()
            try manager.startAgain(folder)
        }
        _ = try manager.until("t runs again") { () -> JSONValue? in
            guard let status = try? manager.status("t"), status["state"] == "running" else { return nil }
            return try (status.pid != before) == worker ? status : nil
        }
    }

    /// What a checkpoint holds goes to the next process, unless it is thrown away.
    @Test func freshItBeginsAnew() async throws {
        try await withManager { manager in
            let path = try ForeignWorker.python.executable(manager)
            try manager.start(path, name: "t")
            try manager.publish([1, 2, 1])
            _ = try manager.untilSignals(of: "t", 1)
            try manager.ask(.stop, "t")
            let before = try #require(try manager.ask(.checkpoint, "t")["checkpoint"])
            #expect(before["positions"] == [Self.topic: 3])
            #expect(before["strategy"] == "turns")
            // What comes while it does not run is handled by the next process, which goes on where the last one was.
            try manager.publish([2])
            try manager.start(path, name: "t")
            #expect(try manager.untilSignals(of: "t", 2).map { $0["sequence"] } == [3, 4])
            try manager.ask(.stop, "t")
            try manager.publish([1])
            try manager.ask(.start, nil, ["path": .string(path), "name": "t", "symbols": ["X"], "fresh": true])
            try manager.publish([5, 4, 6])
            #expect(try manager.untilSignals(of: "t", 3).map { $0["sequence"] } == [3, 4, 8])
        }
    }
}
