import Foundation
import Testing

@testable import ManagerCore

@Suite("Settings: the shipped file, and files that are none")
struct SettingsFileTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let shipped = repository.appending(path: "config/quantcell.yaml").path

    private func text() throws -> String {
        try String(contentsOfFile: Self.shipped, encoding: .utf8)
    }

    @Test("the shipped configuration runs the demonstration")
    func demonstration() throws {
        let settings = try SettingsLoader.load(file: Self.shipped, environment: [:])
        let strategy = try #require(settings.strategies.first)
        #expect(strategy.name == "sma-btc")
        #expect(strategy.path == Self.repository.appending(path: "strategies/sma_cross.swift").path)
        #expect(strategy.symbols == ["BTC/USDT"])
        #expect(strategy.dataTypes == ["kline"])
        #expect(strategy.params.json == #"{"fast":5,"slow":20}"#)
        guard case .csv(let feed) = settings.feeds.first else { return #expect(Bool(false), "no CSV feed") }
        #expect(feed.path == Self.repository.appending(path: "config/demo/btc-usdt-1m.csv").path)
        #expect(feed.speed == .times(120))
        #expect(feed.loop)
        #expect(settings.strategies.count == 1 && settings.feeds.count == 1)

        var others = settings
        others.strategies = []
        others.feeds = []
        #expect(others.api.strategyDirs == [Self.repository.appending(path: "strategies").path])
        others.api.strategyDirs = []
        #expect(others == Settings())
    }

    @Test("the file has every key, and what it says of the defaults is true")
    func completeness() throws {
        // Taking the `#` from every key that is commented out must leave a file with the same meaning.
        let uncommented = try text().split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.firstMatch(of: /^ *#(- )?[a-z_]+:/) == nil
                ? line : line.replacing("#", with: "", maxReplacements: 1)
        }.joined(separator: "\n")
        let settings = try SettingsLoader.load(text: uncommented, fileName: Self.shipped, environment: [:])
        let original = try SettingsLoader.load(file: Self.shipped, environment: [:])
        #expect(settings.manager == original.manager)
        #expect(settings.pool == original.pool)
        #expect(settings.supervisor == original.supervisor)
        #expect(settings.broker == original.broker)
        #expect(settings.record == original.record)
        #expect(settings.journal == original.journal)
        #expect(settings.api == original.api)
        #expect(settings.strategies[0].restartPolicy == settings.supervisor.restartPolicy)
        #expect(settings.strategies[0].stopGrace == settings.manager.stopGrace)
        #expect(settings.strategies[0].delivery == settings.supervisor.delivery)
        #expect(settings.strategies[0].checkpoint == settings.supervisor.checkpoint)
        #expect(settings.feeds == original.feeds + [.randomWalk(Settings.RandomWalkFeed(symbol: "ETH/USDT"))])

        let keys = uncommented.split(separator: "\n").compactMap { $0.firstMatch(of: /^[ -]*([a-z_]+):/)?.1 }
        let overridden: Set = ["restart_policy", "health", "error_budget"]
        for path in try SettingsSchema().paths {
            let parts = path.split(separator: ".")
            // Of what a strategy overrides one key each is an example; all of them stand in `supervisor`.
            guard path.hasPrefix("strategies") == false || parts.count < 3 || !overridden.contains(String(parts[1]))
            else {
                continue
            }
            #expect(parts.last.map { key in keys.contains { $0 == key } } == true, "\(path) is missing")
        }
    }

    @Test("the demonstration's bars are consistent")
    func bars() throws {
        let csv = try String(
            contentsOf: Self.repository.appending(path: "config/demo/btc-usdt-1m.csv"),
            encoding: .utf8
        )
        let lines = csv.split(separator: "\n")
        #expect(lines.first == "timestamp,open,high,low,close,volume")
        #expect(lines.count == 1001)
        for line in lines.dropFirst() {
            let fields = line.split(separator: ",").dropFirst().compactMap { Double($0) }
            try #require(fields.count == 5)
            #expect(fields[1] >= max(fields[0], fields[3]) && fields[2] <= min(fields[0], fields[3]) && fields[4] > 0)
        }
    }

    // MARK: Files that are none

    private func problems(_ bytes: [UInt8]) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appending(path: "quantcell-\(UUID().uuidString).yaml")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        do throws(SettingsError) {
            _ = try SettingsLoader.load(file: file.path, environment: [:])
            return []
        } catch {
            return error.problems.map { $0.description.replacing(file.path, with: "FILE") }
        }
    }

    @Test("files that cannot be read")
    func unreadable() {
        for (file, reason) in [("/nonexistent/q.yaml", "No such file or directory"), ("/", "Is a directory")] {
            let error = #expect(throws: SettingsError.self) { try SettingsLoader.load(file: file, environment: [:]) }
            #expect(error?.description == "\(file): cannot be read: \(reason)")
        }
    }

    @Test("too large, not UTF-8, nested too deeply")
    func hostile() throws {
        #expect(try problems(Array(repeating: UInt8(ascii: "#"), count: 1 << 20)) == [])
        #expect(
            try problems(Array(repeating: UInt8(ascii: "#"), count: 1 << 20 + 1))
                == ["FILE: is larger than 1 MiB, the most a configuration may be"]
        )
        let large = #expect(throws: SettingsError.self) { try SettingsLoader.load(file: "/dev/zero", environment: [:]) }
        #expect(large?.description == "/dev/zero: is larger than 1 MiB, the most a configuration may be")
        #expect(try problems(Array("pool:\n  ü: ".utf8) + [0xFF]) == ["FILE:2:6: is not UTF-8 text"])
        #expect(
            try problems(
                Array(
                    "strategies: [{params: {a: \(String(repeating: "[", count: 40))\(String(repeating: "]", count: 40))}}]"
                        .utf8
                )
            )
                == ["FILE:1:56: is nested more than 32 levels deep"]
        )
        for opening in ["[", "{", "- ", "? ", "a: [", "{? "] {
            #expect(try problems(Array(String(repeating: opening, count: 100_000).utf8)).count == 1)
        }
    }

    @Test("aliases are refused, and a chain of them is not expanded")
    func aliases() throws {
        #expect(
            try problems(Array("pool: &a {min_size: 1}\n".utf8))
                == ["FILE:1:7: YAML anchors and aliases (&name, *name) are not supported"]
        )
        var bomb = "a0: &a0 [x, x, x]\n"
        for level in 1...40 {
            bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n"
        }
        let expected = ["FILE: YAML anchors and aliases (&name, *name) are not supported"]
        #expect(try problems(Array(bomb.utf8)) == expected)
        #expect(try problems(Array((bomb + "? *a40\n: x\n").utf8)) == expected)
        // What only looks like aliases is text.
        let stars = String(repeating: "# *bold* R&D\n", count: 100)
        #expect(try problems(Array(stars.utf8)) == [])
    }

    @Test("no more than a hundred problems are searched for")
    func bounded() throws {
        let items = (0..<150).map { "- {name: n\($0), path: p, enabled: x}" }.joined(separator: "\n")
        #expect(try problems(Array("strategies:\n\(items)".utf8)).count == 100)
        let many = (0..<1001).map { "- {name: n\($0), path: p}" }.joined(separator: "\n")
        #expect(
            try problems(Array("strategies:\n\(many)".utf8))
                == ["FILE:2:1: strategies must be a list of at most 1000, each a mapping of keys, not a list of 1001"]
        )
    }

    @Test("a changed file loads, or is refused with a place", arguments: 0..<8)
    func mutations(seed: Int) throws {
        var random = SplitMix(state: UInt64(seed) &* 0x9E37_79B9)
        let original = Array(try text().utf8)
        let tokens = [
            "&a ", "*a", "{", "}", "[", "]", ": ", "- ", "? ", "\"", "'", "|\n", ">\n", "\n", "\t", "#", "~", "!!x ",
            "%", "---\n", "\0", "é", "-1", "1e999", ".nan",
        ]
        .map { Array($0.utf8) }
        for _ in 0..<60 {
            var bytes = original
            for _ in 0...Int.random(in: 0..<6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, at + Int.random(in: 0..<12, using: &random))
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.replaceSubrange(at..<end, with: [])
                case 1: bytes.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: at)
                case 2: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
                default: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0..<bytes.count, using: &random))
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                let settings = try SettingsLoader.load(text: text, fileName: "q.yaml", environment: [:])
                #expect(settings.validate().isEmpty)
            } catch {
                #expect(!error.problems.isEmpty)
                #expect(error.problems.allSatisfy { $0.source == "q.yaml" && !$0.message.contains("\n") })
            }
        }
    }
}

/// The same numbers for the same seed, on every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
