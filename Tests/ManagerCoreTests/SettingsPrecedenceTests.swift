import Testing
import WireProtocol

@testable import ManagerCore

@Suite("Settings: file, variables, flags")
struct SettingsPrecedenceTests {
    private func load(
        _ text: String,
        environment: [String: String] = [:],
        overrides: [SettingsLoader.Override] = []
    ) throws(SettingsError) -> Settings {
        try SettingsLoader.load(
            text: text,
            fileName: "config/q.yaml",
            environment: environment,
            overrides: overrides,
            workingDirectory: "/work"
        )
    }

    @Test(
        "nothing but comments, nulls and empty sections are the defaults",
        arguments: [
            "", "# nothing\n", "---\n", "~", "pool:\nmanager:\n  endpoints:\n  max_workers:\nstrategies:\nfeeds: []\n",
            "\u{FEFF}pool: {}\n",
            "pool:\r\n  min_size: 2\r\n",
        ]
    )
    func empty(text: String) throws {
        #expect(try load(text) == Settings())
    }

    @Test("flags beat variables, which beat the file, which beats the defaults")
    func order() throws {
        let file = "manager: {log_level: debug, max_workers: 3, log_format: json}\npool: {min_size: 4}"
        let environment = [
            "QUANTCELL_LOG_LEVEL": "notice", "QUANTCELL_MANAGER_MAX_WORKERS": "5", "QUANTCELL_POOL_MAX_SIZE": "9",
            "QUANTCELL_POOL_MIN_SIZE": "", "QUANTCELL_SUPERVISOR_RESTART_POLICY_BACKOFF_BASE": "250ms",
            "QUANTCELL_MANAGER_ENDPOINTS_FEED": "tcp://127.0.0.1:1, tcp://127.0.0.1:2",
        ]
        let overrides = [SettingsLoader.Override("manager.log_level", "error", flag: "--log-level")]
        let settings = try load(file, environment: environment, overrides: overrides)
        #expect(settings.manager.logLevel == .error)
        #expect(settings.manager.maxWorkers == 5)
        #expect(settings.manager.logFormat == .json)
        #expect(settings.pool.maxSize == 9)
        #expect(settings.pool.minSize == 4)
        #expect(settings.supervisor.restartPolicy.backoffBase == .milliseconds(250))
        #expect(settings.manager.endpoints.feed == ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"])
        #expect(settings.manager.startTimeout == .seconds(30))
    }

    @Test("a value in the file that is overridden is not looked at; a wrong flag is reported by its name")
    func overridden() throws {
        let flag = SettingsLoader.Override("manager.log_format", "json", flag: "--log-format")
        #expect(try load("manager: {log_format: xml}", overrides: [flag]).manager.logFormat == .json)

        let wrong = SettingsLoader.Override("manager.log_format", "xml", flag: "--log-format")
        let unknown = SettingsLoader.Override("manager.colour", "red", flag: "--colour")
        let error = #expect(throws: SettingsError.self) { try load("", overrides: [wrong, unknown]) }
        #expect(
            error?.problems.map(\.description) == [
                "--colour: unknown key 'manager.colour'",
                "--log-format: manager.log_format must be one of text, json, not 'xml'",
            ]
        )
    }

    @Test("relative paths start from the file's folder, and from the working directory in variables and flags")
    func paths() throws {
        let text = """
            manager: {data_dir: ~/data, swiftc: swiftc, kit_dir: /opt/kit/}
            journal: {path: ../j.db}
            strategies: [{name: a, path: ../strategies/./a.swift}]
            feeds: [{type: csv, path: demo/a.csv, symbol: S}]
            """
        let settings = try load(
            text,
            environment: ["HOME": "/home/q", "QUANTCELL_RUNTIME_DIR": "run"],
            overrides: [SettingsLoader.Override("api.unix_socket", "a.sock", flag: "--api-socket")]
        )
        #expect(settings.manager.dataDir == "/home/q/data")
        #expect(settings.manager.swiftc == "swiftc")
        #expect(settings.manager.kitDir == "/opt/kit")
        #expect(settings.manager.runtimeDir == "/work/run")
        #expect(settings.journal.path == "/work/j.db")
        #expect(settings.strategies.map(\.path) == ["/work/strategies/a.swift"])
        #expect(settings.api.unixSocket == "/work/a.sock")
        guard case .csv(let feed) = settings.feeds.first else { return #expect(Bool(false), "no CSV feed") }
        #expect(feed.path == "/work/config/demo/a.csv")
    }

    @Test("what a strategy overrides starts from what it would inherit")
    func inheritance() throws {
        let text = """
            strategies:
              - {name: a, path: a, restart_policy: {max_restarts: 1}, stop_grace: 3}
              - {name: b, path: b, restart_policy: }
            supervisor: {restart_policy: {jitter: 0.5, max_restarts: 7}}
            """
        let settings = try load(text, environment: ["QUANTCELL_SUPERVISOR_RESTART_POLICY_BACKOFF_MAX": "2m"])
        let policy = try #require(settings.strategies[0].restartPolicy)
        #expect(policy.maxRestarts == 1)
        #expect(policy.jitter == 0.5)
        #expect(policy.backoffMax == .seconds(120))
        #expect(settings.strategies[0].stopGrace == .seconds(3))
        #expect(settings.strategies[0].health == nil)
        #expect(settings.strategies[1].restartPolicy == nil)
    }

    @Test("parameters become JSON by what JSON would read as a number or truth value")
    func parameters() throws {
        let text = """
            strategies:
              - name: a
                path: a
                symbols: BTC/USDT, ETH/USDT
                params: {a: NO, b: 0700, c: 9:30, d: 1.5, e: [1, {x: null}], f: true, g: "5", h: -7, i: 1e3, j: "true", k: , l: {},
                         m: 9223372036854775807, n: 1_000, o: off, p: "null"}
            """
        let strategy = try #require(try load(text).strategies.first)
        #expect(strategy.symbols == ["BTC/USDT", "ETH/USDT"])
        #expect(
            strategy.params.values == [
                "a": "NO", "b": "0700", "c": "9:30", "d": 1.5, "e": [1, ["x": nil]], "f": true, "g": "5", "h": -7,
                "i": 1000.0,
                "j": "true", "k": nil, "l": [:], "m": 9_223_372_036_854_775_807, "n": "1_000", "o": "off", "p": "null",
            ]
        )
        #expect(
            strategy.params.json.hasPrefix(#"{"a":"NO","b":"0700","c":"9:30","d":1.5,"e":[1,{"x":null}],"f":true,"#)
        )
    }

    @Test("the effective configuration, loaded again, is the same")
    func effective() throws {
        var settings = Settings()
        settings.manager.runtimeDir = "/run/a: b #c"
        settings.manager.endpoints.data = ["tcp://*:5555", "ipc:///tmp/a"]
        settings.supervisor.restartPolicy.jitter = 0.00001
        settings.broker.maxMessageBytes = SettingsSize(bytes: 2_000_000)
        var strategy = Settings.Strategy(
            name: "5",
            path: "/a",
            symbols: ["yes", "0x1F", "~", "1e5"],
            params: [
                "text": "1e5", "no": "no", "null": nil, "deep": ["x": [1, 2.5, true, "true", [:], []]], "0700": "0700",
                "ü": "a\nb",
                "long": .string(String(repeating: "word ", count: 60)), "small": 0.0000001, "big": 1e300, "empty": "",
            ]
        )
        strategy.health = Settings.Health()
        strategy.stopGrace = .milliseconds(1500)
        var feed = Settings.CSVFeed(path: "/b.csv", symbol: "S")
        feed.speed = .times(0.5)
        feed.from = "2024-01-31"
        var walk = Settings.RandomWalkFeed(symbol: "W")
        walk.seed = .max
        settings.strategies = [strategy]
        settings.feeds = [.csv(feed), .randomWalk(walk)]
        let text = try settings.effectiveYAML()
        #expect(text.contains("jitter: 1e-05\n"))
        #expect(text.contains("idle_timeout: 5m\n"))
        #expect(try load(text) == settings)
    }
}
