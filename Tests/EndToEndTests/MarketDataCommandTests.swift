import Foundation
import ProcessControl
import Testing
import WireProtocol

/// The commands about market data and the manager itself.
@Suite struct MarketDataCommandTests {
    @Test func publish() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            let bar = #"{"open":1,"high":3,"low":1,"close":2,"volume":9}"#
            #expect(try manager.cli("publish", "X", "kline", bar).output == "published 1 message\n")
            let lines = "\(bar)\n\nno json\n{\"open\":1}\n\(bar)\n"
            let mixed = try manager.cli("publish", "X", "kline", "--json", input: lines)
            #expect(mixed.code == 1)
            #expect(
                try JSONValue(parsing: mixed.output)
                    == ["published": 2, "bad": 2, "safety": "recorded", "published_before": 0, "unacknowledged": 0]
            )
            #expect(mixed.errors.contains("line 3: "))
            #expect(mixed.errors.contains("line 4: "))
            let envelope = #"{"msg_type":"market_data","payload":{"symbol":"X","data_type":"kline","data":\#(bar)}}"#
            #expect(try manager.cli("publish", "-", input: envelope + "\n").code == 0)
            #expect(try manager.cli("publish", "X", "kline", #"{"open":1e999}"#).code == 1)
            #expect(try manager.untilSignals(of: "a", 4).map { $0["sequence"] } == [1, 2, 3, 4])
            #expect(try manager.ask(.topics)["refused"] == 0)
        }
    }

    @Test func replay() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            let file = "\(manager.folder)/work/bars.csv"
            try """
            Open time,open,high,low,close,volume
            1640991660,1,2,1,2,10
            1640991720,2,3,2,3,oops
            1640991780,3,4,3,4,10
            1640991840,4,5,9,5,10
            1640991900,5,6,5,6,10

            """.replacing("Open time", with: "timestamp").write(toFile: file, atomically: false, encoding: .utf8)
            let done = try manager.cli("replay", "bars.csv", "--symbol", "X", "--data-type", "kline", "--json")
            #expect(done.code == 0)
            #expect(done.errors.contains("bars.csv:3: "), "\(done.errors)")
            #expect(done.errors.contains("bars.csv:5: "), "\(done.errors)")
            let summary = try JSONValue(parsing: done.output)
            #expect(summary["sent"] == 3)
            #expect(summary["bad"] == 2)
            #expect(try manager.untilSignals(of: "a", 3).map { $0["price"]?.doubleValue } == [2, 4, 6])

            let part = try manager.cli(
                "replay",
                file,
                "--symbol",
                "X",
                "--from",
                "2021-12-31T23:03:00Z",
                "--to",
                "1640991900",
                "--speed",
                "6000x",
                "--json"
            )
            #expect(try JSONValue(parsing: part.output)["sent"] == 1)
            #expect(try manager.untilSignals(of: "a", 4).last?["event_time"] == "2021-12-31T23:03:00.000000Z")

            #expect(try manager.cli("replay", "nowhere.csv", "--symbol", "X").code == 66)
        }
    }

    @Test func aReplayCanBeInterrupted() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            let file = "\(manager.folder)/work/bars.csv"
            try "timestamp,open,high,low,close,volume\n1640991660,1,2,1,2,10\n1640991720,2,3,2,3,10\n"
                .write(toFile: file, atomically: false, encoding: .utf8)
            let replay = try manager.program(
                Build.program("quantcell"),
                ["replay", file, "--symbol", "X", "--speed", "realtime"]
            )
            _ = try manager.untilSignals(of: "a", 1)
            try replay.send(.int)
            let end = try replay.finish()
            #expect(end.code == 130)
            #expect(end.output.hasPrefix("interrupted: sent 1 row"), "\(end.output)")
        }
    }

    @Test func aReplayThatIsKilledGoesOnAndACompletedOneBeginsAnew() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            let rows = 20_000
            let file = "\(manager.folder)/work/ticks.csv"
            try ("timestamp,price\n" + (1...rows).map { "\(1_640_991_600 + $0),\($0)\n" }.joined())
                .write(toFile: file, atomically: false, encoding: .utf8)
            func sequence() throws -> Int64 {
                try manager.ask(.topics)["topics"]?.arrayValue?.first?["sequence"]?.integerValue ?? 0
            }
            // A thousand rows a second: it dies long before it is through.
            let arguments = ["replay", file, "--symbol", "X", "--data-type", "tick"]
            let replay = try manager.program(Build.program("quantcell"), arguments + ["--speed", "1000x"])
            try manager.asking("some rows") { try sequence() > 100 }
            let twin = try manager.program(Build.program("quantcell"), arguments).finish()
            #expect(twin.code == 1)
            #expect(twin.errors.contains("is being replayed to market.X.tick already"), "\(twin.errors)")
            try replay.send(.kill)
            _ = try replay.finish()
            try manager.crash()
            try manager.startAgain(folder)
            let before = try sequence()
            #expect(before > 100)

            let resumed = try manager.program(Build.program("quantcell"), arguments + ["--json"]).finish()
            #expect(resumed.code == 0)
            #expect(resumed.errors.contains("resuming at row "), "\(resumed.errors)")
            let summary = try JSONValue(parsing: resumed.output)
            #expect(summary["published_before"] == .integer(before))
            #expect(summary["sent"] == .integer(Int64(rows) - before))
            #expect(summary["safety"] == "recorded")
            #expect(try sequence() == Int64(rows))

            let anew = try manager.program(Build.program("quantcell"), arguments + ["--json"]).finish()
            #expect(try JSONValue(parsing: anew.output)["sent"] == .integer(Int64(rows)))
            #expect(try sequence() == Int64(2 * rows))
            for _ in 0..<2 {
                let named = try manager.program(Build.program("quantcell"), arguments + ["--publisher", "mine"])
                    .finish()
                #expect(named.code == 0)
            }
            #expect(try sequence() == Int64(3 * rows))
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func pingAndTopics() async throws {
        try await withManager { manager in
            let ping = try JSONValue(parsing: manager.cli("ping", "--json").output)
            #expect(ping["pid"]?.integerValue == Int64(manager.process.pid))
            #expect(ping["runtime_dir"] == .string(manager.runtime))
            #expect(ping["data_dir"] == .string(manager.data))
            #expect(ping["endpoints"]?["feed"] == [.string("ipc://\(manager.runtime)/feed.sock")])
            #expect(try manager.cli("ping").output.contains("\(manager.process.pid)"))
            let byFlag = try Program(
                Build.program("quantcell"),
                ["ping", "--runtime-dir", manager.runtime],
                environment: [:],
                folder: "\(manager.folder)/work"
            )
            #expect(try byFlag.finish().code == 0)
            #expect(try manager.cli("topics").errors.contains("no market data yet"))
            try manager.publish([1, 2])
            try manager.asking("two messages") { try manager.ask(.topics)["published"] == 2 }
            let topics = try JSONValue(parsing: manager.cli("topics", "--json").output)["topics"]
            #expect(topics?.arrayValue?.map { $0["sequence"] } == [2])
            #expect(try manager.cli("topics").lines.last?.hasPrefix("market.X.kline") == true)
        }
    }
}
