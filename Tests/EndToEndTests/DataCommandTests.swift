import Foundation
import Testing
import WireProtocol

/// `quantcell data` and `quantcell replay-recorded`.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: RealBars.path), "\(RealBars.path) is missing"))
struct DataCommandTests {
    private static let topic = "market.BTC/USDT.kline"

    /// Replays the first bars of the real file.
    private static func replay(_ manager: TestManager, _ count: Int) throws -> [Substring] {
        let lines = try String(contentsOfFile: RealBars.path, encoding: .utf8).split(separator: "\n").prefix(count + 1)
        let file = "\(manager.folder)/work/bars.csv"
        try lines.joined(separator: "\n").write(toFile: file, atomically: false, encoding: .utf8)
        let done = try manager.cli("replay", file, "--symbol", RealBars.symbol)
        try #require(done.code == 0, "\(done.errors)")
        return Array(lines.dropFirst())
    }

    @Test func whatIsRecordedIsListedExportedAndPruned() async throws {
        try await withManager { manager in
            let rows = try Self.replay(manager, 5000)
            let list = try manager.cli("data", "list", "--json")
            let topic = try #require(try JSONValue(parsing: list.output)["topics"]?.arrayValue?.first)
            #expect(topic["topic"]?.stringValue == Self.topic)
            #expect(topic["messages"] == 5000)
            #expect(try manager.cli("data", "list").output.contains("5,000"))
            #expect(try manager.cli("data", "gaps").errors.contains("no gaps"))

            let csv = try manager.cli("data", "export", Self.topic)
            #expect(csv.code == 0)
            #expect(csv.lines.count == 5001)
            for (index, pair) in zip(csv.lines.dropFirst(), rows).enumerated() {
                let (exported, original) = (pair.0.split(separator: ","), pair.1.split(separator: ","))
                try #require(exported[0] == "\(index + 1)")
                // Open, high, low, close and volume, behind the times.
                try #require(exported[3...7].map { Double($0) } == original[1...5].map { Double($0) }, "\(pair)")
            }
            // What was exported can be replayed.
            let file = "\(manager.folder)/work/exported.csv"
            try csv.output.write(toFile: file, atomically: false, encoding: .utf8)
            #expect(try manager.cli("replay", file, "--symbol", "COPY").code == 0)
            let closes = { (text: Finished) in text.lines.dropFirst().map { $0.split(separator: ",")[6] } }
            #expect(try closes(manager.cli("data", "export", "market.COPY.kline")) == closes(csv))

            let time = String(csv.lines[101].split(separator: ",")[1])
            let part = try manager.cli("data", "export", Self.topic, "--to", time, "--json")
            #expect(part.lines.count == 100)
            #expect(try JSONValue(parsing: String(part.lines[99]))["sequence"] == 100)

            #expect(try manager.cli("data", "prune", Self.topic, "--before", time).output == "dropped 100 messages\n")
            let gaps = try JSONValue(parsing: manager.cli("data", "gaps", "--json").output)
            #expect(gaps == [["topic": .string(Self.topic), "from": 1, "to": 100, "reason": "pruned"]])
            #expect(try manager.cli("data", "export", Self.topic).lines.count == 4901)
            #expect(try manager.cli("data", "export", "nonsense").code == 64)
        }
    }

    @Test func aReplayOfTheRecordIsComparedWithWhatWasEmitted() async throws {
        try await withManager { manager in
            let symbols: JSONValue = [.string(RealBars.symbol)]
            let strategy = "\(manager.folder)/work/cross.swift"
            let text = try String(contentsOfFile: Build.strategy("sma_cross"), encoding: .utf8)
            try text.write(toFile: strategy, atomically: false, encoding: .utf8)
            try manager.start(strategy, name: "sma", symbols: symbols, params: ["fast": 5, "slow": 20])
            _ = try Self.replay(manager, 3000)
            try manager.asking("sma", until: "has handled them") { $0["messages_processed"] == 3000 }
            try manager.asking("sma", until: "has nothing on its way") { $0["metadata"]?["signals_pending"] == 0 }
            let count = try manager.signals(of: "sma").count
            try #require(count > 100)

            let same = try manager.cli("replay-recorded", "--worker", "sma", "--from", "2000-01-01")
            #expect(same.code == 0, "\(same.errors)")
            #expect(same.output == "3,000 of 3,000 messages shown; signals: \(count) same, 0 missing, 0 extra\n")
            // Nothing of it is in the journal, and the worker goes on as it was.
            #expect(try manager.signals(of: "sma").count == count)
            #expect(try manager.status("sma")["generation"] == 1)

            // The strategy as it is now would have sold where it bought then.
            let changed = text.replacing("side: .buy", with: "side: .sell")
            try changed.write(toFile: strategy, atomically: false, encoding: .utf8)
            let other = try manager.cli("replay-recorded", "--worker", "sma", "--from", "2000-01-01", "--json")
            #expect(other.code == 1)
            let difference = try JSONValue(parsing: other.output)
            #expect(difference["missing"] == difference["extra"])
            #expect(difference["missing"]?.integerValue ?? 0 > count / 3)
            #expect((difference["same"]?.integerValue ?? 0) + (difference["missing"]?.integerValue ?? 0) == count)
            #expect(difference["extra_signals"]?.arrayValue?.allSatisfy { $0["side"] == "sell" } == true)

            let nothing = try manager.cli("replay-recorded", "--worker", "sma", "--from", "2030-01-01")
            #expect(nothing.code == 1)
            #expect(nothing.errors.contains("nothing is recorded of that time"), "\(nothing.errors)")
            #expect(try manager.cli("replay-recorded", "--worker", "nobody", "--from", "2h").code == 1)
        }
    }
}
