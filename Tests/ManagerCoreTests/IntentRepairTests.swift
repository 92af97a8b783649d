import EventJournal
import Testing
import WireProtocol

@testable import ManagerCore

@Suite("What an earlier manager did not bring to its end")
struct IntentRepairTests {
    private func intent(_ seq: Int64, _ name: String, _ worker: String, source: String = "cli") -> UnfinishedIntent {
        var config = StrategyConfig(name: worker, symbols: ["X"])
        config.path = "/tmp/\(worker).swift"
        let detail: JSONValue = name == "start" ? ["source": .string(source), "config": config.json] : [:]
        let entry = JournalEntry(time: seq, kind: .intent, workerID: worker, cause: name, detail: detail.text)
        return UnfinishedIntent(seq: seq, intent: entry, effects: [])
    }

    @Test("of a worker the last intent counts")
    func last() {
        let repair = IntentRepair(
            [
                intent(1, "start", "a"), intent(2, "stop", "a"),
                intent(3, "stop", "b"), intent(4, "start", "b"),
                intent(5, "start", "c", source: "api"),
                intent(6, "stop", "d"), intent(7, "restart", "d"),
                intent(8, "nonsense", "e"),
            ],
            defaults: StrategyConfig()
        )
        #expect(repair.stopping == ["a"])
        #expect(repair.starting.keys.sorted() == ["b"])
        #expect(repair.starting["b"]?.path == "/tmp/b.swift")
        #expect(repair.starting["b"]?.symbols == ["X"])
    }

    @Test("secrets that the journal leaves out come from what is desired")
    func secrets() {
        var config = StrategyConfig(name: "a", symbols: ["X"], params: ["api_key": "abcdef", "fast": 5])
        config.path = "/tmp/a.swift"
        func start(_ config: JSONValue) -> UnfinishedIntent {
            let detail: JSONValue = ["source": "cli", "config": config]
            let entry = JournalEntry(time: 1, kind: .intent, workerID: "a", cause: "start", detail: detail.text)
            return UnfinishedIntent(seq: 1, intent: entry, effects: [])
        }
        func desired(_ config: JSONValue) -> [String: DesiredWorker] {
            ["a": DesiredWorker(workerID: "a", wanted: .stopped, config: config.text, source: .cli, updatedAt: 1)]
        }
        func params(_ intent: UnfinishedIntent, _ desired: [String: DesiredWorker]) -> [String: JSONValue]? {
            IntentRepair([intent], desired: desired, defaults: StrategyConfig()).starting["a"]?.params
        }
        #expect(params(start(config.json.redacted), desired(config.json)) == config.params)
        // Of another start: not this one's.
        var other = config
        other.params["fast"] = 6
        #expect(params(start(config.json.redacted), desired(other.json))?["fast"] == 5)
        #expect(params(start(other.json), desired(config.json)) == other.params)
    }

    @Test("each intent gets its outcome")
    func outcomes() {
        let repair = IntentRepair(
            [
                intent(1, "stop", "a"), intent(2, "start", "b"), intent(3, "restart", "c"),
                intent(4, "start", "d", source: "api"),
            ],
            defaults: StrategyConfig()
        )
        let outcomes = repair.outcomes(adopted: ["c"], started: ["b"])
        #expect(outcomes.map(\.intent.seq) == [1, 2, 3, 4])
        #expect(
            outcomes.map(\.how) == [
                "what was left of it is ended", "it is started anew", "its process is adopted",
                "nobody wants it to run any more",
            ]
        )
    }
}
