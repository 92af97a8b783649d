import Foundation
import Testing
import WireProtocol
import ZeroMQ

/// Strategies that are behind lose nothing, and hold nobody up. With few ticks in `make test`, for which few may wait in a socket; with
/// half a million in `make chaos`, and the default high-water marks.
@Suite struct SlowWorkerTests {
    private static let topic = "market.X.tick"
    private static let isLong = ProcessInfo.processInfo.environment["QUANTCELL_SLOW_TICKS"] != nil
    private static let ticks = ProcessInfo.processInfo.environment["QUANTCELL_SLOW_TICKS"].flatMap { Int($0) } ?? 20_000

    @Test(arguments: ["shm", "zmq"]) func whoSleepsInACallbackHandlesEverythingInOrder(_ lane: String) async throws {
        let ticks = Self.ticks
        let small = Self.isLong ? "" : ", high_water_mark: 500, ring: 1MiB, max_message_bytes: 64KiB"
        let config = "broker: {data_lane: \(lane)\(small)}"
        try await withManager(config) { manager in
            let strategy = "\(manager.folder)/counting.swift"
            try countingStrategy().write(toFile: strategy, atomically: false, encoding: .utf8)
            for (name, seconds) in [("slow", 2), ("quick", 0)] as [(String, JSONValue)] {
                try manager.ask(
                    .start,
                    nil,
                    [
                        "path": .string(strategy), "name": .string(name), "symbols": ["X"], "data_types": ["tick"],
                        "params": ["sleep": seconds, "every": .integer(Int64(ticks / 5))],
                    ]
                )
            }
            try Self.publish(ticks, to: manager)
            for name in ["quick", "slow"] {
                // As long as it takes: nothing is dropped, so there is much to do.
                let deadline = Deadline(within: .seconds(1200))
                var checkpoint = JSONValue.null
                while checkpoint["positions"]?[Self.topic]?.integerValue ?? 0 < ticks, !deadline.hasPassed {
                    checkpoint = try manager.ask(.checkpoint, name, ["op": "save"])["checkpoint"] ?? .null
                }
                let state = checkpoint["state"]
                #expect(state?["count"] == .integer(Int64(ticks)))
                #expect(state?["disorder"] == 0)
                #expect(state?["sum"] == .integer(Int64(ticks) * Int64(ticks + 1) / 2))
                let counts = try manager.untilSignals(of: name, 5).map { $0["data"]?["count"]?.integerValue }
                #expect(counts == (1...5).map { Int64(ticks / 5 * $0) })
                let metadata = try manager.status(name)["metadata"]
                #expect(metadata?["gaps"] == 0)
                #expect(metadata?["lane"]?.stringValue == lane)
            }
            // What found no room in its socket, or was written over, came from the record. Half a million need not find the
            // defaults too small: that is a matter of how fast the machine publishes.
            if Self.isLong {
                let replayed = try manager.status("slow")["metadata"]?["messages_replayed"]?.text
                print("slow workers: \(replayed ?? "?") replayed")
            } else {
                try manager.asking("slow", until: "tells of what was replayed") {
                    $0["metadata"]?["messages_replayed"]?.integerValue ?? 0 > 0
                }
            }
        }
    }

    /// Publishes ticks as fast as they are taken.
    private static func publish(_ count: Int, to manager: TestManager) throws {
        let feed = try Socket(Context(), .push)
        try feed.connect("ipc://\(manager.runtime)/feed.sock")
        let topic = Array(Self.topic.utf8)
        var body: [UInt8] = []
        let tick = MarketEvent(eventTime: 1_700_000_000_000_000_000, payload: .tick(TickData(price: 100)))
        BinaryCodec.encode(tick, into: &body)
        for _ in 0..<count { try feed.send([topic, body], wait: true) }
        // What a socket still holds when it is closed is gone.
        let deadline = Deadline(within: .seconds(600))
        while !deadline.hasPassed {
            let topics = try manager.ask(.topics)["topics"]?.arrayValue ?? []
            if topics.first?["sequence"]?.integerValue == Int64(count) { return }
        }
        throw Waited("not all ticks were taken")
    }

    @Test func whatAWorkerIsBehindIsShown() async throws {
        try await withManager("supervisor: {health: {heartbeat_interval: 50ms}}") { manager in
            try manager.start(manager.supervised, name: "a")
            try manager.publish([1, 2])
            _ = try manager.untilSignals(of: "a", 2)
            try manager.asking("a", until: "is not behind") { $0["metadata"]?["lag_messages"] == 0 }
            try manager.ask(.pause, "a")
            try manager.publish([3, 4, 5])
            let behind = try manager.asking("a", until: "is behind by 3") { $0["metadata"]?["lag_messages"] == 3 }
            #expect(behind["metadata"]?["lag_seconds"]?.doubleValue ?? 0 > 0)
            #expect(behind["metadata"]?["mode"] == "live")
            for counter in ["gaps", "messages_replayed", "messages_conflated", "messages_dropped", "messages_late"] {
                #expect(behind["metadata"]?[counter] == 0, "\(counter)")
            }
            try manager.ask(.resume, "a")
            _ = try manager.untilSignals(of: "a", 5)
            let after = try manager.asking("a", until: "is not behind") { $0["metadata"]?["lag_messages"] == 0 }
            #expect(after["metadata"]?["lag_seconds"]?.doubleValue == 0)
        }
    }
}
