import Foundation
import Testing
import WireProtocol

@testable import ManagerCore

/// Seeded mutations of what comes from outside: configuration files and requests. Nothing crashes, and every problem is told.
@Suite struct FuzzTests {
    private static let tokens = [
        "{", "}", "[", "]", ": ", ",", "\"", "'", "\n", "  ", "- ", "#", "&a ", "*a", "!!str ", "|\n", ">\n", "null",
        "true", "-1",
        "1e999", ".nan", ".inf", "99999999999999999999", "\u{0}", "é", "\t", "<<: ", "? ", "%YAML 9\n", "---\n",
        "...\n",
    ].map { Array($0.utf8) }

    private func mutate(_ text: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var text = text
        for _ in 0..<Int.random(in: 1...4, using: &random) where !text.isEmpty {
            let at = Int.random(in: 0..<text.count, using: &random)
            let end = min(text.count, at + Int.random(in: 0...12, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: text[at] = UInt8.random(in: 0...255, using: &random)
            case 1: text.removeSubrange(at..<end)
            case 2: text.insert(contentsOf: text[at..<end], at: at)
            case 3: text.swapAt(at, Int.random(in: 0..<text.count, using: &random))
            default: text.insert(contentsOf: Self.tokens[Int.random(in: 0..<Self.tokens.count, using: &random)], at: at)
            }
        }
        return text
    }

    private static let config = """
        manager: {max_workers: 10, tcp_mode: false, endpoints: {feed: ['tcp://127.0.0.1:1', 'ipc:///x']}, stop_grace: 10s}
        security: {keys_dir: /k, insecure_tcp: true, allowed_users: [root, '0']}
        pool: {min_size: 2, max_size: 10, idle_timeout: 5m}
        broker: {max_message_bytes: 1MiB}
        record: {mode: [market.A.kline]}
        strategies:
          - {name: sma, path: /s.swift, symbols: [BTC/USDT], params: {fast: 3, list: [1, 2], deep: {a: null}}}
        feeds:
          - {type: csv, path: /b.csv, symbol: A, speed: 10x}
        api: {port: 8090, tls: {certificate: c, key: k}, strategy_dirs: [/s], limits: {connections: 10, idle_timeout: 1m}}
        """

    @Test func configurations() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/c.yaml"
        var random = SeededGenerator(state: 11)
        var (accepted, refused) = (0, 0)
        for _ in 0..<2000 {
            try Data(mutate(Array(Self.config.utf8), &random)).write(to: URL(fileURLWithPath: path))
            do {
                let settings = try SettingsLoader.load(file: path, environment: [:], overrides: [])
                #expect(settings.validate().isEmpty)
                accepted += 1
            } catch {
                // A line for each problem, and none without words.
                #expect(!"\(error)".isEmpty && !"\(error)".contains("\u{0}"))
                refused += 1
            }
        }
        #expect(refused > 300 && accepted > 10, "\(refused) refused, \(accepted) accepted")
    }

    @Test func requests() async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            let client = try AdminClient(rig)
            let seeds: [Message] = [
                Message(
                    .journal,
                    workerID: "a",
                    payload: ["kind": "command", "since_ns": 1, "after_seq": 2, "limit": 3]
                ),
                Message(.signals, payload: ["after_rowid": 1, "limit": 5, "worker_id": "a"]),
                Message(.history, payload: ["op": "range", "topic": "market.A.kline", "since_ns": 1, "until_ns": 2]),
                Message(.replay, workerID: "a", payload: ["from": 1, "to": 2, "topics": ["market.A.kline"]]),
                Message(.checkpoint, workerID: "a", payload: ["op": "import", "state": ["x": 1], "topics": ["m": 1]]),
                Message(.why, workerID: "a"), Message(.topics), Message(.list), Message(.stop, workerID: "a"),
                Message(.start, payload: ["path": "/no.swift", "symbols": ["A"], "params": ["a": 1], "warmup": 3]),
            ]
            var random = SeededGenerator(state: 13)
            for round in 0..<3000 {
                var bytes = seeds[round % seeds.count].bytes
                bytes = mutate(bytes, &random)
                // Only what names itself can be waited for; the others are answered too, before the next one.
                try client.send(bytes)
            }
            for seed in seeds.prefix(3) {
                // It still answers, and the right one.
                #expect(try client.ask(seed).replyTo == seed.messageID)
            }
        }
    }
}
