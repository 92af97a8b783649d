import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// Strategies in Python run as those in Swift do.
@Suite(.needsPython) struct PythonStrategyTests {
    private static func write(_ source: String, as name: String, _ manager: TestManager) throws -> String {
        let path = "\(manager.folder)/work/\(name)"
        try source.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    // MARK: The same as in Swift

    @Test(.enabled(if: FileManager.default.fileExists(atPath: RealBars.path), "\(RealBars.path) is missing"))
    func theSameStrategyGivesTheSameSignals() async throws {
        try await withManager { manager in
            let params: JSONValue = ["fast": 5, "slow": 20]
            let paths = ["swift": Build.strategy("sma_cross"), "python": Build.pythonStrategy("sma_cross")]
            for (name, path) in paths {
                try manager.start(path, name: name, symbols: [.string(RealBars.symbol)], params: params)
            }
            let replay = try manager.cli("replay", RealBars.path, "--symbol", RealBars.symbol, "--speed", "max")
            #expect(replay.code == 0, "\(replay.errors)")
            let topic = "market.\(RealBars.symbol).kline"
            for name in ["swift", "python"] { try manager.until(name, hasHandled: topic, upTo: RealBars.count) }
            // Whose it is and when it was emitted are not the strategy's.
            let members = ["name", "side", "symbol", "data_type", "sequence", "event_time", "price", "data"]
            let signals = try ["swift", "python"].map { name in
                try manager.signals(of: name).map { signal in members.map { signal[$0]?.text ?? "-" } }
            }
            #expect(signals[0].count == Crossing.all(of: try RealBars.closes(), fast: 5, slow: 20).count)
            #expect(signals[0] == signals[1])
            let states = try ["swift", "python"].map { try manager.ask(.checkpoint, $0)["checkpoint"]?["state"] }
            #expect(states[0] == states[1])
            #expect(states[0] != nil)

            let again = try manager.cli("replay-recorded", "--worker", "python", "--from", "2021-12-01", "--json")
            let comparison = try JSONValue(parsing: again.output)
            #expect(comparison["handled"] == .integer(Int64(RealBars.count)))
            #expect(comparison["same"] == .integer(Int64(signals[1].count)))
            #expect(comparison["missing"] == 0)
            #expect(comparison["extra"] == 0)
        }
    }

    @Test func aKilledOneGoesOnInAWarmSpare() async throws {
        try await withManager("supervisor: {checkpoint: {messages: 1}}") { manager in
            let path = Build.pythonStrategy("sma_cross")
            try manager.start(path, name: "a", params: ["fast": 1, "slow": 2])
            try manager.publish([1, 2, 1, 2])
            _ = try manager.untilSignals(of: "a", 2)
            try manager.asking("a spare is there") { try manager.ask(.ping)["python_spares"]?.integerValue ?? 0 > 0 }
            let pid = try manager.status("a").pid
            try manager.killProcess(of: "a")
            try manager.until("a", runsAs: 2)
            #expect(!Processes.isAlive(pid))
            try manager.publish([1])
            #expect(try manager.untilSignals(of: "a", 3).map { $0["sequence"] } == [3, 4, 5])
            let spare = try manager.entries(of: "a", kind: "transition").contains {
                $0["generation"] == 2 && $0["cause"] == "spare claimed"
            }
            #expect(spare)

            #expect(try manager.cli("pause", "a").output == "a paused\n")
            #expect(try manager.cli("resume", "a").output == "a running\n")
            #expect(try manager.cli("restart", "a").code == 0)
            try manager.until("a", runsAs: 3)
            #expect(try manager.cli("stop", "a").output == "a stopped\n")
            #expect(try manager.transitions(of: "a").last?["cause"] == "exit code 0")
        }
    }

    // MARK: What goes wrong

    @Test func aStuckCallbackIsFoundWithItsPlace() async throws {
        let health = "{health: {heartbeat_interval: 100ms, heartbeat_timeout: 10s, stuck_timeout: 1s}}"
        try await withManager("supervisor: \(health)") { manager in
            let source = """
                import itertools
                from quantcell import Strategy

                class Stuck(Strategy):
                    def on_bar(self, bar, context):
                        if context.generation == 1:
                            self.adds_for_ever()
                        context.signal("bar")

                    def adds_for_ever(self):
                        # In C, and without ever letting go of the interpreter's lock.
                        sum(itertools.repeat(1))
                """
            try manager.start(Self.write(source, as: "stuck.py", manager), name: "a")
            let pid = try manager.status("a").pid
            try manager.publish([1])
            try manager.until("a", runsAs: 2)
            #expect(!Processes.isAlive(pid))
            let verdict = try manager.transitions(of: "a").first { $0["to_state"] == "error" }
            #expect(verdict?["cause"] == "stuck: on_bar has run for more than 1 s")
            let death = try #require(try manager.ask(.why, "a")["deaths"]?.arrayValue?.first)
            #expect(death["cause"] == "stuck")
            #expect(death["callback"] == "on_bar")
            let trace = death["backtrace"]?.stringValue ?? ""
            #expect(trace.contains("stuck.py\", line 12 in adds_for_ever"), "\(trace)")
            #expect(trace.contains("line 7 in on_bar"), "\(trace)")
            #expect(try manager.cli("why", "a").output.contains("in adds_for_ever"))
        }
    }

    @Test func aFrozenOneIsReplaced() async throws {
        let health = "{health: {heartbeat_interval: 100ms, heartbeat_timeout: 1s}}"
        try await withManager("supervisor: \(health)") { manager in
            try manager.start(Build.pythonStrategy("sma_cross"), name: "a")
            kill(try manager.status("a").pid, SIGSTOP)
            try manager.until("a", runsAs: 2)
            let verdict = try manager.transitions(of: "a").first { $0["to_state"] == "error" }
            #expect(verdict?["cause"]?.stringValue?.hasPrefix("frozen: no heartbeat for") == true)
        }
    }

    @Test func theErrorBudgetIsSpentWithATraceback() async throws {
        try await withManager("supervisor: {error_budget: {errors: 1}}") { manager in
            let source = """
                from quantcell import Strategy

                class Failing(Strategy):
                    def on_bar(self, bar, context):
                        return {}[bar.symbol]
                """
            try manager.start(Self.write(source, as: "failing.py", manager), name: "a")
            try manager.publish([1, 2])
            try manager.until("a", "is in error") { $0["state"] == "error" }
            let reason = try manager.status("a")["last_error"]?.stringValue ?? ""
            #expect(reason.contains("error budget spent: more than 1 errors in 60 s"), "\(reason)")
            #expect(reason.contains("KeyError: 'X'"), "\(reason)")
            let errors = try manager.entries(of: "a", kind: "worker").compactMap {
                $0["detail"]?["traceback"]?.stringValue
            }
            #expect(errors.first?.contains("failing.py\", line 5, in on_bar") == true, "\(errors)")
        }
    }

    @Test func whatCannotBeLoadedIsRefusedWithItsLine() async throws {
        try await withManager { manager in
            func refusal(_ source: String, _ arguments: String...) throws -> String {
                let path = try Self.write(source, as: "broken.py", manager)
                let start = try manager.program(Build.program("quantcell"), ["start-strategy", path] + arguments)
                    .finish()
                #expect(start.code == 1)
                return start.errors
            }
            let broken = try refusal("class A(:\n    pass\n")
            #expect(broken.contains("broken.py\", line 1"), "\(broken)")
            #expect(broken.contains("SyntaxError"), "\(broken)")
            #expect(try refusal("x = 1\n").contains("has no strategy: derive a class from quantcell.Strategy"))
            let cross = try String(contentsOfFile: Build.pythonStrategy("sma_cross"), encoding: .utf8)
            let message = try refusal(cross, "--param", "fst=3")
            #expect(message.contains("the strategy has no parameter 'fst'; did you mean 'fast'?"), "\(message)")
            #expect(try refusal(cross, "--param", "fast=3", "--param", "slow=3").contains("need 1 <= fast < slow"))
        }
    }

    @Test func aRestartWithBrokenCodeLeavesTheOldOneRunning() async throws {
        try await withManager { manager in
            let path = try Self.write(
                "from quantcell import Strategy\n\nclass A(Strategy):\n    pass\n",
                as: "a.py",
                manager
            )
            try manager.start(path, name: "a")
            let pid = try manager.status("a").pid
            _ = try Self.write("class A(:\n", as: "a.py", manager)
            let restart = try manager.cli("restart", "a")
            #expect(restart.code == 1)
            #expect(restart.errors.contains("a.py\", line 1"), "\(restart.errors)")
            #expect(restart.errors.contains("SyntaxError"), "\(restart.errors)")
            let status = try manager.status("a")
            #expect(status["state"] == "running")
            #expect(try status.pid == pid)
        }
    }

    @Test func whatAnInterpreterLacksIsSaidWithTheCommandThatInstallsIt() async throws {
        try await withManager { manager in
            func interpreter(_ printed: String) throws -> String {
                let path = try Self.write("#!/bin/sh\necho '\(printed)'\n", as: "python-\(UUID().uuidString)", manager)
                chmod(path, 0o755)
                return path
            }
            func refusal(_ python: String) throws -> String {
                let start = try manager.cli("start-strategy", Build.pythonStrategy("sma_cross"), "--python", python)
                #expect(start.code == 1)
                return start.errors
            }
            let bare = try interpreter("3.11.2 - free")
            #expect(
                try refusal(bare).contains(
                    "\(bare) (Python 3.11.2) has no pyzmq; to install it: \(bare) -m pip install pyzmq"
                )
            )
            #expect(try refusal(interpreter("3.12.3 - managed")).contains("apt-get install python3-zmq"))
            let old = try refusal(interpreter("3.8.18 25.0 free"))
            #expect(old.contains("is Python 3.8.18; strategies need 3.9 or later"))
            #expect(try refusal(interpreter("what?")).contains("is no Python interpreter that works; it says: what?"))
            #expect(try refusal("no-such-python").contains("'no-such-python' was not found in PATH"))
            #expect(try refusal("/no/such/python").contains("the interpreter /no/such/python cannot be run"))
            #expect(try refusal("\(manager.folder)/work").contains("is no virtual environment"))
        }
    }

    @Test func aStrategyMayHaveAnInterpreterOfItsOwn() async throws {
        try await withFolder { folder in
            let python = try #require(Pages.python)
            let path = "\(folder.path)/work/venv"
            try FileManager.default.createDirectory(atPath: "\(path)/bin", withIntermediateDirectories: true)
            let own = "\(path)/bin/python3"
            let script = "#!/bin/sh\nexport QC_TEST_OWN=yes\nexec \(python) \"$@\"\n"
            try script.write(toFile: own, atomically: false, encoding: .utf8)
            chmod(own, 0o755)
            let source = """
                import os
                from quantcell import Strategy

                class Own(Strategy):
                    def on_bar(self, bar, context):
                        context.signal(os.environ.get("QC_TEST_OWN", "no"))
                """
            try source.write(toFile: "\(folder.path)/own.py", atomically: false, encoding: .utf8)
            let config = """
                strategies:
                  - {name: own, path: own.py, symbols: [X], python: work/venv}
                  - {name: common, path: own.py, symbols: [X]}
                """
            let manager = try TestManager(config, in: folder)
            for name in ["own", "common"] { try manager.until(name, isIn: "running") }
            try manager.publish([1])
            #expect(try manager.untilSignals(of: "own", 1).map { $0["name"] } == ["yes"])
            #expect(try manager.untilSignals(of: "common", 1).map { $0["name"] } == ["no"])
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    // MARK: Files that people have already

    @Test func foreignStrategiesRunUnchanged() async throws {
        let plain = """
            class Strategy:
                def __init__(self, params):
                    self.limit = params["limit"]

                def on_bar(self, data):
                    if data["close"] > self.limit:
                        return {"signal": "sell", "price": data["close"], "reason": data["symbol"]}
            """
        let vnpy = """
            from vnpy_ctastrategy import CtaTemplate, StopOrder, TickData, BarData, TradeData, OrderData, BarGenerator, ArrayManager

            class Demo(CtaTemplate):
                author = "somebody"
                limit = 5
                bought = 0
                parameters = ["limit"]
                variables = ["bought"]

                def on_init(self):
                    self.write_log("init")
                    self.load_bar(1)

                def on_bar(self, bar: BarData):
                    if self.pos == 0 and bar.close_price > self.limit:
                        self.buy(bar.close_price, 2)
                        self.bought += 1
                    elif self.pos > 0 and bar.close_price < self.limit:
                        self.sell(bar.close_price, self.pos)
                    self.put_event()
            """
        let backtrader = """
            import backtrader as bt

            class Cross(bt.Strategy):
                params = (("limit", 5),)

                def next(self):
                    if len(self) < 2:
                        return
                    if not self.position and self.data.close[0] > self.p.limit >= self.data.close[-1]:
                        self.buy(size=2)
                    elif self.position and self.data.close[0] < self.p.limit:
                        self.close()
            """
        try await withManager { manager in
            for (name, source) in [("plain", plain), ("vnpy", vnpy), ("backtrader", backtrader)] {
                let path = try Self.write(source, as: "\(name).py", manager)
                try manager.start(path, name: name, params: ["limit": 6])
            }
            try manager.publish([5, 7, 8, 4, 9])
            func signals(_ name: String, _ count: Int) throws -> [String] {
                try manager.untilSignals(of: name, count).map {
                    "\($0["name"]?.stringValue ?? "") \($0["side"]?.stringValue ?? "") \($0["price"]?.text ?? "") \($0["quantity"]?.text ?? "")"
                }
            }
            #expect(try signals("plain", 3) == ["sell sell 7.0 null", "sell sell 8.0 null", "sell sell 9.0 null"])
            let orders = ["buy buy 7.0 2.0", "sell sell 4.0 2.0", "buy buy 9.0 2.0"]
            #expect(try signals("vnpy", 3) == orders)
            #expect(try signals("backtrader", 3) == orders.map { $0.replacing("sell sell", with: "close sell") })
            try manager.ask(.stop, "vnpy")
            let state = try manager.ask(.checkpoint, "vnpy")["checkpoint"]?["state"]
            #expect(state?["bought"] == 2)
            #expect(state?["pos"]?.doubleValue == 2)
        }
    }

    // MARK: The client

    @Test func theClientAndThePublisher() async throws {
        try await withManager { manager in
            let source = """
                import sys
                import quantcell

                strategy = sys.argv[1]
                with quantcell.Client() as manager, quantcell.Publisher("test-feed") as feed:
                    worker = manager.start(strategy, name="a", symbols=["X"], params={"fast": 1, "slow": 2})
                    assert worker["state"] == "running", worker
                    assert [item["worker_id"] for item in manager.list()] == ["a"]
                    for number, close in enumerate([1, 2, 1, 2], 1):
                        feed.publish(quantcell.Bar("X", close, close, close, close, event_time=number * 10**9))
                    feed.publish({"price": 5}, symbol="X", data_type="tick")
                    feed.flush()
                    assert (feed.recorded, feed.refused) == (5, 0), (feed.recorded, feed.refused, feed.last_refusal)
                    with quantcell.Publisher() as plain:
                        plain.publish(quantcell.Bar("X", 1, 1, 1, 1))
                    found = manager.signals("a", limit=3, follow=True)
                    sides = [signal["side"] for signal in found]
                    assert sides == ["sell", "buy", "sell"], sides
                    states = [entry["to_state"] for entry in manager.journal("a", "transition")]
                    assert states[-1] == "running", states
                    try:
                        manager.pause("nobody")
                    except quantcell.Refused as refused:
                        assert refused.code == "WORKER_NOT_FOUND"
                    else:
                        raise AssertionError("it was not refused")
                    manager.stop("a")
                    assert manager.status("a")["state"] == "stopped"
                with quantcell.Publisher("test-feed") as feed:
                    assert feed.last == 5, feed.last
                print("done")
                """
            let path = try Self.write(source, as: "client.py", manager)
            var environment = manager.environment
            environment["PYTHONPATH"] = Build.pythonKit
            let program = try Program(
                try #require(Pages.python),
                [path, Build.pythonStrategy("sma_cross")],
                environment: environment,
                folder: "\(manager.folder)/work"
            )
            let finished = try program.finish()
            #expect(finished.output == "done\n", "\(finished.errors)")
        }
    }
}
