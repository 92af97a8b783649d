import Testing

@testable import ManagerCore

@Suite("Settings: what is reported for a wrong file")
struct SettingsErrorTests {
    /// The lines that a person sees.
    private func problems(_ text: String, environment: [String: String] = [:]) -> [String] {
        do {
            _ = try SettingsLoader.load(
                text: text,
                fileName: "q.yaml",
                environment: environment,
                workingDirectory: "/work"
            )
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test(
        "one wrong line",
        arguments: [
            // Keys
            ("manager:\n  max_worker: 3", "2:3: unknown key 'max_worker' in 'manager'; did you mean 'max_workers'?"),
            ("manager:\n  maxWorkers: 3", "2:3: unknown key 'maxWorkers' in 'manager'; did you mean 'max_workers'?"),
            ("mnaager: {}", "1:1: unknown key 'mnaager'; did you mean 'manager'?"),
            ("max_workers: 4", "1:1: unknown key 'max_workers'; did you mean 'manager.max_workers'?"),
            ("volatility: 4", "1:1: unknown key 'volatility'; did you mean 'feeds[].volatility'?"),
            (
                "pool: {nonsense: 1}",
                "1:8: unknown key 'nonsense' in 'pool'; known are min_size, python_min_size, max_size, idle_timeout"
            ),
            (
                "journal:\n  <<: {path: a}",
                "2:3: unknown key '<<' in 'journal'; known are path, refused_sample, max_age, max_bytes"
            ),
            (
                "feeds:\n- {type: csv, path: a, symbol: S, seed: 4}",
                "2:35: unknown key 'seed' in 'feeds[0]'; did you mean 'speed'?"
            ),
            // Types
            ("manager:\n  max_workers: ten", "2:16: manager.max_workers must be a whole number, not 'ten'"),
            ("manager: {max_workers: 2.5}", "1:24: manager.max_workers must be a whole number, not '2.5'"),
            ("manager: {max_workers: [1]}", "1:24: manager.max_workers must be a single value, not a list"),
            ("manager: {tcp_mode: 5}", "1:21: manager.tcp_mode must be true or false, not '5'"),
            ("manager: {runtime_dir: {a: b}}", "1:24: manager.runtime_dir must be a single value, not a mapping"),
            (
                "manager: {log_level: loud}",
                "1:22: manager.log_level must be one of trace, debug, info, notice, warning, error, critical, not 'loud'"
            ),
            ("manager: {log_format: [text]}", "1:23: manager.log_format must be one of text, json, not a list"),
            (
                "manager: {stop_grace: -1s}",
                "1:23: manager.stop_grace must be a duration such as 250ms, 2s, 5m or 1h, or a number of seconds, not '-1s'"
            ),
            (
                "broker: {max_message_bytes: 1 furlong}",
                "1:29: broker.max_message_bytes must be a size such as 64KB or 1MiB, or a number of bytes, not '1 furlong'"
            ),
            (
                "supervisor: {restart_policy: {jitter: much}}",
                "1:39: supervisor.restart_policy.jitter must be a number, not 'much'"
            ),
            (
                "pool: [1, 2]",
                "1:7: pool must be a mapping of keys (min_size, python_min_size, max_size, idle_timeout), not a list"
            ),
            (
                "- a",
                "1:1: the file must be a mapping of keys (manager, security, pool, python, supervisor, broker, record, journal, logs, strategies, feeds, api), "
                    + "not a list"
            ),
            (
                "strategies: {name: x}",
                "1:13: strategies must be a list of at most 1000, each a mapping of keys, not a mapping"
            ),
            // Ranges
            ("manager: {max_workers: 0}", "1:24: manager.max_workers must be from 1 to 1000, not 0"),
            ("manager: {start_timeout: 1ms}", "1:26: manager.start_timeout must be from 100ms to 1h, not 1ms"),
            ("pool: {min_size: 11}", "1:18: pool.min_size must be from 0 to pool.max_size (10), not 11"),
            ("pool: {idle_timeout: 0}", "1:22: pool.idle_timeout must be from 1s to 1d, not 0s"),
            (
                "supervisor: {restart_policy: {backoff_base: 2m}}",
                "1:30: supervisor.restart_policy.backoff_max must be from backoff_base (2m) to 1d, not 1m"
            ),
            (
                "supervisor: {restart_policy: {jitter: .nan}}",
                "1:39: supervisor.restart_policy.jitter must be from 0.0 to 1.0, not nan"
            ),
            (
                "supervisor: {health: {heartbeat_timeout: 1}}",
                "1:42: supervisor.health.heartbeat_timeout must be longer than heartbeat_interval (1s) and at most 1d, not 1s"
            ),
            (
                "supervisor: {error_budget: {errors: -1}}",
                "1:37: supervisor.error_budget.errors must be from 0 to 1000000, not -1"
            ),
            ("broker: {high_water_mark: 0}", "1:27: broker.high_water_mark must be from 1 to 100000000, not 0"),
            ("broker: {max_message_bytes: 10}", "1:29: broker.max_message_bytes must be from 1KiB to 64MiB, not 10B"),
            ("journal: {refused_sample: 10001}", "1:27: journal.refused_sample must be from 0 to 10000, not 10001"),
            (
                "strategies: [{name: scale, path: a.swift}]",
                "1:21: strategies[0].name must be another than 'scale', which over HTTP means something else"
            ),
            ("api: {port: 65536}", "1:13: api.port must be from 0 to 65535, not 65536"),
            ("api: {host: a b}", "1:13: api.host must be a host name or an IP address, not 'a b'"),
            (
                "manager: {endpoints: {data: ['tcp://a:1', b]}}",
                "1:43: manager.endpoints.data[1] must be a ZeroMQ address such as tcp://127.0.0.1:5555 or ipc:///run/data.sock, "
                    + "not 'b'"
            ),
            (
                "manager: {endpoints: {data: 'tcp://a:1', feed: 'tcp://a:1'}}",
                "1:48: manager.endpoints.feed[0] must not repeat 'tcp://a:1', the address of manager.endpoints.data[0]"
            ),
            (
                "record: {mode: {a: b}}",
                "1:16: record.mode must be all, off, or a list of topics such as [market.BTC/USDT.kline], not a mapping"
            ),
            (
                "record: {mode: [market.X.kline, X]}",
                "1:16: record.mode must be all, off, or topics such as market.BTC/USDT.kline, not 'X'"
            ),
            ("record: {mode: []}", "1:16: record.mode must name at least one topic, or be off"),
            ("record: {on_pressure: panic}", "1:23: record.on_pressure must be one of block, drop, not 'panic'"),
            (
                "record: {buffer: 3MiB}",
                "1:18: record.buffer must be at least four times broker.max_message_bytes (1MiB), not 3MiB"
            ),
            ("record: {max_bytes: 1KiB}", "1:21: record.max_bytes must be from 1MiB to 16384GiB, not 1KiB"),
            (
                "supervisor: {delivery: some}",
                "1:24: supervisor.delivery must be one of lossless, conflate, drop, not 'some'"
            ),
            ("supervisor: {warmup: -1}", "1:22: supervisor.warmup must be from 0 to 1000000, not -1"),
            (
                "supervisor: {checkpoint: {messages: 0}}",
                "1:37: supervisor.checkpoint.messages must be from 1 to 1000000000, not 0"
            ),
            // Feeds
            ("feeds: [{type: foo}]", "1:16: feeds[0].type must be csv or random_walk, not 'foo'"),
            ("feeds: [{path: foo}]", "1:9: feeds[0].type must be given: csv or random_walk"),
            ("feeds: [{type: csv, symbol: S}]", "1:9: feeds[0].path must be given: the CSV file"),
            (
                "feeds: [{type: csv, symbol: S, path: p, speed: 0x}]",
                "1:48: feeds[0].speed must be max, realtime or a factor above 0 such as 60x, not '0x'"
            ),
            (
                "feeds: [{type: csv, symbol: S, path: p, from: soon}]",
                "1:47: feeds[0].from must be a time such as 2024-01-31T08:00:00Z, not 'soon'"
            ),
            (
                "feeds: [{type: random_walk, symbol: S, start_price: 0}]",
                "1:53: feeds[0].start_price must be above 0 and at most 1e12, not 0.0"
            ),
            (
                "feeds: [{type: random_walk, symbol: S, seed: -1}]",
                "1:46: feeds[0].seed must be a whole number, not '-1'"
            ),
            (
                "feeds: [{type: random_walk, symbol: S, count: -1}]",
                "1:47: feeds[0].count must be 0 (no end) or more, not -1"
            ),
            // YAML
            ("a: b: c", "1:5: not valid YAML: mapping values are not allowed in this context"),
            ("a: \"b", "1:6: not valid YAML: found unexpected end of stream (while scanning a quoted scalar, line 1)"),
            (
                "pool:\n\tmin_size: 1",
                "2:1: not valid YAML: found character that cannot start any token (while scanning for the next token, line 2)"
            ),
            ("pool: {}\npool: {}", "1:1: key 'pool' is given more than once"),
            (
                "a: 1\n---\nb: 2",
                "2:1: not valid YAML: but found another document (expected a single document in the stream, line 1)"
            ),
            ("api: {}\n? [a]\n: b", "2:3: a key must be text"),
            ("pool:\n  min_size: 1\u{7}", "2:14: not valid YAML: control characters are not allowed"),
        ]
    )
    func oneLine(text: String, expected: String) {
        #expect(problems(text) == ["q.yaml:" + expected])
    }

    @Test(
        "one wrong key of a strategy",
        arguments: [
            ("name: ''", "1:21: strategies[0].name must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, not ''"),
            ("name: a/b", "1:21: strategies[0].name must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, not 'a/b'"),
            ("name: ..", "1:21: strategies[0].name must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, not '..'"),
            (
                "name: a, symbols: [B, '']",
                "1:37: strategies[0].symbols[1] must be 1 to 64 bytes without spaces and control characters, not ''"
            ),
            (
                "name: a, symbols: B C",
                "1:33: strategies[0].symbols[0] must be 1 to 64 bytes without spaces and control characters, not 'B C'"
            ),
            (
                #"name: a, symbols: ["B\n"]"#,
                #"1:34: strategies[0].symbols[0] must be 1 to 64 bytes without spaces and control characters, not 'B\n'"#
            ),
            ("name: a, symbols: [[B]]", "1:34: strategies[0].symbols[0] must be a single value, not a list"),
            ("name: a, data_types: []", "1:36: strategies[0].data_types must name at least one, such as kline"),
            (
                "name: a, data_types: [a.b]",
                "1:37: strategies[0].data_types[0] must be 1 to 32 of the characters A-Z a-z 0-9 _, such as kline, not 'a.b'"
            ),
            ("name: a, params: 5", "1:32: strategies[0].params must be a mapping of keys, not '5'"),
            ("name: a, params: {x: [.inf]}", "1:37: strategies[0].params.x[0] must be a finite number, not '.inf'"),
            (
                "name: a, checkpoint: {interval: 1ms}",
                "1:47: strategies[0].checkpoint.interval must be from 10ms to 1d, not 1ms"
            ),
            ("name: a, enabled: maybe", "1:33: strategies[0].enabled must be true or false, not 'maybe'"),
            ("name: a, stop_grace: 2h", "1:36: strategies[0].stop_grace must be from 0s to 1h, not 2h"),
            (
                "name: a, stop_grace: x",
                "1:36: strategies[0].stop_grace must be a duration such as 250ms, 2s, 5m or 1h, or a number of seconds, not 'x'"
            ),
            (
                "name: a, health: {heartbeat_timeout: 1ms}",
                "1:52: strategies[0].health.heartbeat_timeout must be longer than heartbeat_interval (1s) and at most 1d, not 1ms"
            ),
            (
                "name: a, health: {hartbeat_timeout: 1ms}",
                "1:33: unknown key 'hartbeat_timeout' in 'strategies[0].health'; did you mean 'heartbeat_timeout'?"
            ),
        ]
    )
    func strategy(keys: String, expected: String) {
        #expect(problems("strategies: [{\(keys), path: x.swift}]") == ["q.yaml:" + expected])
    }

    @Test("all problems are reported, in the order of the file")
    func everything() {
        let text = """
            manager:
              max_worker: 3
              max_workers: ten
              log_level: loud
            pool:
              min_size: 11
            supervisor: 7
            strategies:
              - name: a
              - name: a
                path: b.swift
                symbols: [X, [Y], 'Z Z']
                params: {x: .nan, y: 1}
            """
        #expect(
            problems(text) == [
                "q.yaml:2:3: unknown key 'max_worker' in 'manager'; did you mean 'max_workers'?",
                "q.yaml:3:16: manager.max_workers must be a whole number, not 'ten'",
                "q.yaml:4:14: manager.log_level must be one of trace, debug, info, notice, warning, error, critical, not 'loud'",
                "q.yaml:6:13: pool.min_size must be from 0 to pool.max_size (10), not 11",
                "q.yaml:7:13: supervisor must be a mapping of keys (restart_policy, health, error_budget, limits, delivery, warmup, checkpoint, reload, ready_after, storm, orphan_lease), not '7'",
                "q.yaml:9:5: strategies[0].path must be given: the strategy's file",
                "q.yaml:10:11: strategies[1].name must be unique: strategies[0] is called 'a' too",
                "q.yaml:12:18: strategies[1].symbols[1] must be a single value, not a list",
                "q.yaml:12:23: strategies[1].symbols[2] must be 1 to 64 bytes without spaces and control characters, not 'Z Z'",
                "q.yaml:13:17: strategies[1].params.x must be a finite number, not '.nan'",
            ]
        )
    }

    @Test("more strategies than workers")
    func tooManyStrategies() {
        let text = """
            manager: {max_workers: 1}
            strategies: [{name: a, path: a}, {name: b, path: b}, {name: c, path: c, enabled: false}]
            """
        #expect(
            problems(text) == [
                "q.yaml:1:24: manager.max_workers must be at least 2, the number of enabled strategies, not 1"
            ]
        )
    }

    @Test("a problem in a variable is reported by the variable's name")
    func environment() {
        #expect(
            problems("", environment: ["QUANTCELL_POOL_MIN_SIZE": "x", "QUANTCELL_LOG_FORMAT": "xml"]) == [
                "QUANTCELL_LOG_FORMAT: manager.log_format must be one of text, json, not 'xml'",
                "QUANTCELL_POOL_MIN_SIZE: pool.min_size must be a whole number, not 'x'",
            ]
        )
        #expect(
            problems(
                "",
                environment: ["QUANTCELL_POOL_MINSIZE": "1", "QUANTCELL_WORKER_ID": "w", "QUANTCELL_DATA": "tcp://a"]
            )
                == ["QUANTCELL_POOL_MINSIZE: unknown variable; did you mean 'QUANTCELL_POOL_MIN_SIZE'?"]
        )
    }

    @Test("values set in code are checked too")
    func code() {
        var settings = Settings()
        #expect(settings.validate().isEmpty)
        settings.pool.maxSize = 1000
        settings.strategies = [Settings.Strategy(name: "a b", path: "x.swift")]
        #expect(
            settings.validate().map(\.description) == [
                "pool.max_size must be from 0 to 100, not 1000",
                "strategies[0].name must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, not 'a b'",
            ]
        )
        #expect(settings.validate().map(\.path) == ["pool.max_size", "strategies[0].name"])
    }
}
