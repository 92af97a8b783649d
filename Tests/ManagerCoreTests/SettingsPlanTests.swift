import Testing
import WireProtocol

@testable import ManagerCore

/// What a change of each key takes.
@Suite struct SettingsPlanTests {
    private static func settings(_ strategies: [Settings.Strategy] = [], _ change: (inout Settings) -> Void = { _ in })
        -> Settings
    {
        var settings = Settings()
        settings.strategies = strategies
        change(&settings)
        return settings
    }

    private static func strategy(_ name: String, _ params: [String: JSONValue] = [:]) -> Settings.Strategy {
        Settings.Strategy(name: name, path: "/\(name).swift", symbols: ["X"], params: params)
    }

    private static func lines(_ plan: SettingsPlan) -> [String] {
        plan.changes.map { "\($0.key) \($0.old ?? "-")→\($0.new ?? "-") \($0.effect.rawValue) \($0.workers)" }
    }

    @Test func theSameIsNoChange() throws {
        let settings = Self.settings([Self.strategy("a")])
        #expect(try SettingsPlan(from: settings, to: settings).changes.isEmpty)
    }

    @Test func everyKeyOfTheManagerHasAnEffect() throws {
        let plan = try SettingsPlan(
            from: Self.settings(),
            to: Self.settings { settings in
                settings.pool.minSize = 3
                settings.manager.maxWorkers = 20
                settings.manager.tcpMode = true
                settings.supervisor.health.stuckTimeout = .seconds(5)
                settings.broker.maxTopics = 7
            }
        )
        #expect(
            Self.lines(plan) == [
                "broker.max_topics 10000→7 refused []", "manager.max_workers 10→20 live []",
                "manager.tcp_mode false→true refused []", "pool.min_size 2→3 live []",
                "supervisor.health.stuck_timeout 1m→5s live []",
            ]
        )
        // What is refused stays as it is.
        #expect(plan.settings.broker.maxTopics == 10000)
        #expect(!plan.settings.manager.tcpMode)
        #expect(plan.settings.pool.minSize == 3)
    }

    @Test func strategiesComeAndGoAndChange() throws {
        var moved = Self.strategy("moved")
        moved.symbols = ["X", "Y"]
        var off = Self.strategy("off")
        off.enabled = false
        var fresh = Self.strategy("code")
        fresh.path = "/other.swift"
        let plan = try SettingsPlan(
            from: Self.settings(
                ["same", "gone", "moved", "off", "code"].map { Self.strategy($0) } + [Self.strategy("p", ["a": 1])]
            ),
            to: Self.settings([
                Self.strategy("same"), moved, off, fresh, Self.strategy("p", ["a": 2]), Self.strategy("new"),
            ])
        )
        #expect(
            Self.lines(plan) == [
                "strategies.code.path /code.swift→/other.swift reload [\"code\"]",
                "strategies.gone /gone.swift→- stop [\"gone\"]",
                "strategies.moved.symbols [X]→[X, Y] restart [\"moved\"]",
                "strategies.new -→/new.swift start [\"new\"]",
                "strategies.off /off.swift→- stop [\"off\"]",
                "strategies.p.params.a 1→2 params [\"p\"]",
            ]
        )
        #expect(
            plan.actions == [
                "code": .reload, "gone": .stop, "moved": .restart, "new": .start, "off": .stop, "p": .params,
            ]
        )
    }

    @Test func defaultsChangeThoseWithoutAWordOfTheirOwn() throws {
        var own = Self.strategy("own")
        own.delivery = .drop
        let plan = try SettingsPlan(
            from: Self.settings([Self.strategy("a"), own]),
            to: Self.settings([Self.strategy("a"), own]) { $0.supervisor.delivery = .conflate },
            others: ["cli"]
        )
        #expect(Self.lines(plan) == ["supervisor.delivery lossless→conflate restart [\"a\", \"cli\"]"])
    }

    @Test func theWeightiestOfAWorkersChangesSettlesTheOthers() throws {
        var changed = Self.strategy("a", ["x": 2])
        changed.symbols = ["Y"]
        changed.watch = true
        let plan = try SettingsPlan(from: Self.settings([Self.strategy("a", ["x": 1])]), to: Self.settings([changed]))
        #expect(plan.changes.count == 3)
        #expect(plan.actions == ["a": .restart])
    }
}

/// Parameters that were changed by command.
@Suite struct ChangedParamsTests {
    @Test func theLatestWordCounts() {
        var changed = ChangedParams()
        changed.change(["fast": 7, "risk": ["max": 5]], from: ["fast": 5, "risk": ["max": 10, "min": 1]])
        let file: [String: JSONValue] = ["fast": 5, "slow": 20, "risk": ["max": 10, "min": 1]]
        #expect(changed.applied(to: file) == ["fast": 7, "slow": 20, "risk": ["max": 5, "min": 1]])
        // The file has changed its mind about one of them.
        let newer: [String: JSONValue] = ["fast": 6, "risk": ["max": 10, "min": 1]]
        #expect(changed.applied(to: newer) == ["fast": 6, "risk": ["max": 5, "min": 1]])
        changed.settle(with: newer)
        #expect(changed.applied(to: file) == ["fast": 5, "slow": 20, "risk": ["max": 5, "min": 1]])
    }

    @Test func itIsKeptAsJSON() {
        var changed = ChangedParams()
        #expect(changed.json == nil)
        changed.change(["a": 1], from: [:])
        #expect(ChangedParams(changed.json) == changed)
        #expect(ChangedParams("nonsense") == ChangedParams())
        #expect(changed.applied(to: [:]) == ["a": 1])
        #expect(changed.applied(to: ["a": 3]) == ["a": 3])
    }
}
