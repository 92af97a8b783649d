import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// Workers in C and in Python that were written from the protocol's pages: the manager treats them as it does Swift strategies.
@Suite(.needsPython) struct AnyLanguageTests {
    /// Up and down with steps of different lengths, with equal neighbours here and there.
    private static let closes: [Double] = (0..<120).map { index in
        let wave: Int = (index * index / 7) % 23
        let step: Int = index % 3 == 0 ? index % 5 : 2
        return Double(400 + wave + 4 * step) / 4
    }

    private func start(_ worker: ForeignWorker, _ manager: TestManager) throws {
        let path = try worker.executable(manager)
        let start = try manager.cli("start-strategy", path, "--name", "t", "--symbols", "X")
        try #require(start.code == 0, "\(start.errors)")
        #expect(start.output == "t\n")
    }

    /// The numbers of the bars that a process says that it has handled, in its order.
    private func handled(_ manager: TestManager) throws -> [Int] {
        let log = try manager.cli("logs", "t", "--lines", "100000").output
        return log.matches(of: #/bar (\d+) /#).compactMap { Int($0.1) }
    }

    @Test(arguments: ForeignWorker.runnable)
    func itRunsHandlesEveryBarInOrderAndEmitsItsSignals(_ worker: ForeignWorker) async throws {
        try await withManager("supervisor: {health: {heartbeat_interval: 50ms}}") { manager in
            try start(worker, manager)
            let status = try manager.status("t")
            #expect(status["state"] == "running")
            #expect(status["kind"] == "strategy")
            let turns = Turn.all(of: Self.closes)
            #expect(turns.count > 20)
            try manager.publish(Self.closes)
            let signals = try manager.untilSignals(of: "t", turns.count)
            #expect(try signals.map(Turn.init) == turns)
            #expect(signals.map { $0["signal_id"] } == turns.map { .string("t:X.kline:\($0.sequence):1") })
            #expect(signals.allSatisfy { $0["symbol"] == "X" && $0["data_type"] == "kline" && $0["generation"] == 1 })
            let messages = JSONValue.integer(Int64(Self.closes.count))
            let emitted = JSONValue.integer(Int64(turns.count))
            try manager.asking("t", until: "has counted them") {
                $0["messages_processed"] == messages && $0["signals_emitted"] == emitted
            }
            // And knows that they are on disk.
            try manager.asking("t", until: "has nothing pending") { $0["metadata"]?["signals_pending"] == 0 }
            #expect(try handled(manager) == Array(1...Self.closes.count))

            #expect(try manager.cli("stop", "t").output == "t stopped\n")
            let transitions = try manager.transitions(of: "t")
            #expect(
                transitions.compactMap { $0["to_state"]?.stringValue }
                    == ["initializing", "initialized", "starting", "running", "stopping", "stopped"]
            )
            #expect(transitions.last?["cause"] == "exit code 0")
        }
    }

    /// The manager passes on the form that a publisher has chosen; the manager's own replay is binary.
    @Test(arguments: ForeignWorker.runnable)
    func itReadsBinaryBars(_ worker: ForeignWorker) async throws {
        try await withManager { manager in
            try start(worker, manager)
            let rows = Self.closes.enumerated().map { "\(1_700_000_000 + 60 * $0),\($1),\($1),\($1),\($1),1" }
            let path = "\(manager.folder)/bars.csv"
            try (["timestamp,open,high,low,close,volume"] + rows).joined(separator: "\n")
                .write(toFile: path, atomically: false, encoding: .utf8)
            let replay = try manager.cli("replay", path, "--symbol", "X", "--speed", "max")
            #expect(replay.code == 0, "\(replay.errors)")
            let turns = Turn.all(of: Self.closes)
            #expect(try manager.untilSignals(of: "t", turns.count).map(Turn.init) == turns)
        }
    }

    @Test(arguments: ForeignWorker.runnable)
    func pausedItHoldsBackWhatComesAndResumedItGoesOn(_ worker: ForeignWorker) async throws {
        try await withManager("supervisor: {health: {heartbeat_interval: 20ms}}") { manager in
            try start(worker, manager)
            let turns = Turn.all(of: Self.closes)
            try manager.publish(Array(Self.closes[..<60]))
            let before = turns.filter { $0.sequence <= 60 }
            _ = try manager.untilSignals(of: "t", before.count)
            #expect(try manager.cli("pause", "t").output == "t paused\n")
            try manager.publish(Array(Self.closes[60...]))
            // It beats on, and says with each beat that nothing has moved.
            let heartbeat = try manager.status("t")["last_heartbeat"]
            try manager.asking("t", until: "has sent another heartbeat") { $0["last_heartbeat"] != heartbeat }
            #expect(try manager.status("t")["messages_processed"] == 60)
            #expect(try manager.signals(of: "t").count == before.count)
            #expect(try manager.cli("resume", "t").output == "t running\n")
            #expect(try manager.untilSignals(of: "t", turns.count).map(Turn.init) == turns)
            #expect(try handled(manager) == Array(1...Self.closes.count))
        }
    }

    @Test(arguments: ForeignWorker.runnable)
    func itStopsBySIGTERMToo(_ worker: ForeignWorker) async throws {
        try await withManager("supervisor: {restart_policy: {mode: on-failure}}") { manager in
            try start(worker, manager)
            kill(try manager.status("t").pid, SIGTERM)
            try manager.until("t", isIn: "stopped")
            #expect(try manager.transitions(of: "t").last?["cause"] == "ended by itself: exit code 0")
        }
    }

    @Test(arguments: ForeignWorker.runnable)
    func killedItIsReplacedAndTheNextOneGetsTheNextBar(_ worker: ForeignWorker) async throws {
        try await withManager { manager in
            try start(worker, manager)
            try manager.publish(Array(Self.closes[..<60]))
            _ = try manager.untilSignals(of: "t", Turn.all(of: Array(Self.closes[..<60])).count)
            try manager.killProcess(of: "t")
            try manager.until("t", runsAs: 2)
            try manager.publish(Array(Self.closes[60...]))
            // The C example begins anew; the Python one goes on where it was, as if nothing had happened.
            var expected = Turn.all(of: Self.closes)
            if worker == .c {
                expected = Turn.all(of: Array(Self.closes[..<60]))
                expected += Turn.all(of: Array(Self.closes[60...])).map { turn in
                    Turn(sequence: turn.sequence + 60, name: turn.name, side: turn.side, price: turn.price)
                }
            }
            let signals = try manager.untilSignals(of: "t", expected.count)
            #expect(try signals.map(Turn.init) == expected)
            let why = try manager.ask(.why, "t")
            #expect(why["deaths"]?.arrayValue?.first?["exit"] == "SIGKILL")
        }
    }

    /// A manager that is killed has workers that go on, and the next one takes them over; what was on its way is sent again.
    @Test(arguments: ForeignWorker.runnable)
    func aKilledManagersWorkerIsTakenOver(_ worker: ForeignWorker) async throws {
        try await withFolder { folder in
            let manager = try TestManager("supervisor: {orphan_lease: 6s}", in: folder)
            try start(worker, manager)
            try manager.publish(Array(Self.closes[..<60]))
            _ = try manager.untilSignals(of: "t", Turn.all(of: Array(Self.closes[..<60])).count)
            let before = try manager.status("t")
            let spares = try manager.crash()
            try manager.startAgain(folder)
            let after = try manager.until("t", isIn: "running")
            #expect(after["pid"] == before["pid"])
            #expect(after["generation"] == 1)
            try manager.untilSubscribed(1)
            try manager.publish(Array(Self.closes[60...]))
            let turns = Turn.all(of: Self.closes)
            #expect(try manager.untilSignals(of: "t", turns.count).map(Turn.init) == turns)
            #expect(try manager.cli("pause", "t").output == "t paused\n")
            #expect(try manager.cli("stop", "t").output == "t stopped\n")
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    /// Nobody is left behind for ever: without a manager a worker ends by itself.
    @Test(arguments: ForeignWorker.runnable)
    func withoutAManagerItEndsByItself(_ worker: ForeignWorker) async throws {
        try await withFolder { folder in
            let manager = try TestManager("supervisor: {orphan_lease: 1s}", in: folder)
            try start(worker, manager)
            let pid = try manager.status("t").pid
            let spares = try manager.crash()
            try Processes.end(of: pid, "whose manager has gone for good,")
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
        }
    }
}
