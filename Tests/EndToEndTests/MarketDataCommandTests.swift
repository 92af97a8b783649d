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
            #expect(try JSONValue(parsing: mixed.output) == ["published": 2, "bad": 2])
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
