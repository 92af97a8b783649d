import EventJournal
import GRDB
import Logging
import Testing
import WireProtocol
import ZeroMQ

@testable import ManagerCore
@testable import Supervision

/// What is told, and when: only what another connection finds on disk.
@Suite struct ChronicleTests {
    /// A chronicle on a loop of its own.
    private final class Rig: @unchecked Sendable {
        let folder: TemporaryFolder
        let lines = Recorder<String>()
        /// Each event that was published, with the number of rows that were on disk by then.
        let published = Recorder<(topic: String, payload: JSONValue, onDisk: Int)>()
        let loop: EventLoop
        private let journal: EventJournal
        private(set) var chronicle: Chronicle?

        init() async throws {
            folder = try TemporaryFolder()
            loop = try EventLoop(name: "test-control")
            journal = try EventJournal(path: "\(folder.path)/journal.db")
            try await loop.run { [self] in
                chronicle = Chronicle(journal: journal, loop: loop, logger: lines.logger) { [unowned self] in
                    published.add(($0, $1.payload, rows()))
                }
            }
        }

        deinit {
            journal.close()
            loop.stop()
        }

        /// Another connection, as another program would have it.
        private func other() throws -> DatabaseQueue {
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            return try DatabaseQueue(path: "\(folder.path)/journal.db", configuration: configuration)
        }

        func column(_ sql: String) throws -> [String] {
            try other().read { try String.fetchAll($0, sql: sql) }
        }

        func rows() -> Int { (try? column("SELECT seq FROM events").count) ?? -1 }

        /// Makes each insert fail, or no more.
        func block(_ isBlocked: Bool) throws {
            let sql =
                isBlocked
                ? "CREATE TRIGGER block BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'blocked'); END"
                : "DROP TRIGGER block"
            try other().writeWithoutTransaction { try $0.execute(sql: sql) }
        }

        /// Makes the insertion of entries with that cause fail.
        func refuse(_ cause: String) throws {
            let sql = """
                CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.cause = '\(cause)' BEGIN SELECT RAISE(ABORT, 'refused'); END
                """
            try other().writeWithoutTransaction { try $0.execute(sql: sql) }
        }

        /// Calls `body` on the loop, and returns what it says when it says it.
        @discardableResult
        func ask<Value: Sendable>(
            _ body: @escaping @Sendable (Chronicle, @escaping @Sendable (Value) -> Void) -> Void
        ) async -> Value {
            await withCheckedContinuation { done in
                loop.execute {
                    if let chronicle = self.chronicle { body(chronicle) { done.resume(returning: $0) } }
                }
            }
        }
    }

    private static let transition = Transition(
        workerID: "w",
        generation: 2,
        from: .starting,
        to: .running,
        cause: "joined",
        actor: .worker,
        failure: nil
    )

    @Test func whatIsToldIsOnDisk() async throws {
        let rig = try await Rig()
        for number in 1...20 {
            let seen = await rig.ask { chronicle, done in
                chronicle.record(.manager, cause: "entry \(number)", actor: .manager) { done(rig.rows()) }
            }
            #expect(seen == number)
        }
        let published = rig.published.elements
        #expect(published.map(\.topic) == Array(repeating: "manager", count: 20))
        #expect(published.map(\.onDisk) == Array(1...20))
        #expect(published.map { $0.payload["seq"]?.integerValue } == (1...20).map { Int64($0) })
        #expect(rig.lines.elements == (1...20).map { "info: entry \($0)" })
    }

    @Test func whatWaitsRunsInOrderWhenAllBeforeItIsOnDisk() async throws {
        let rig = try await Rig()
        let order = Recorder<String>()
        await rig.ask { (chronicle, done: @escaping @Sendable (Bool) -> Void) in
            for number in 1...50 {
                chronicle.record(.manager, cause: "\(number)", actor: .manager) { order.add("then \(number)") }
                chronicle.afterCommit { order.add("after \(number) \(rig.rows() >= number)") }
            }
            order.add("nothing waited")
            chronicle.afterCommit { done(true) }
        }
        let expected = (1...50).flatMap { ["then \($0)", "after \($0) true"] }
        #expect(order.elements == ["nothing waited"] + expected)
        // With nothing on its way there is nothing to wait for.
        try await rig.loop.run {
            let isAtOnce = Recorder<Int>()
            rig.chronicle?.afterCommit { isAtOnce.add(1) }
            #expect(isAtOnce.elements == [1])
        }
    }

    /// A start waits for the disk once for all that happens in one turn.
    @Test func whatIsRecordedInOneTurnComesToDiskTogetherOrNotAtAll() async throws {
        let rig = try await Rig()
        try rig.refuse("poison")
        let results = Recorder<String>()
        await rig.ask { (chronicle, done: @escaping @Sendable (Bool) -> Void) in
            // What the end of the turn records still comes along.
            rig.loop.afterTurn { chronicle.record(.command, cause: "poison", actor: .operator) { done(true) } }
            chronicle.record(.manager, cause: "first", actor: .manager) { results.add("first") }
            chronicle.record(Self.transition) { results.add("second") }
        }
        #expect(results.elements == ["first", "second"])
        #expect(rig.rows() == 0)
        let seen = await rig.ask { chronicle, done in
            chronicle.record(.manager, cause: "alone", actor: .manager) { done(rig.rows()) }
        }
        // The journal says first how many it has lost.
        #expect(seen == 2)
    }

    @Test func whatIsRecordedInACallbackIsWaitedForToo() async throws {
        let rig = try await Rig()
        let rows = await rig.ask { chronicle, done in
            chronicle.record(.manager, cause: "first", actor: .manager) {
                chronicle.record(.manager, cause: "second", actor: .manager)
                chronicle.afterCommit { done(rig.rows()) }
            }
        }
        #expect(rows == 2)
    }

    @Test func aTransitionSaysEverythingEverywhere() async throws {
        let rig = try await Rig()
        await rig.ask { (chronicle, done: @escaping @Sendable (Bool) -> Void) in
            chronicle.record(Self.transition, detail: ["x": 1]) { done(true) }
        }
        let event = try #require(rig.published.elements.first)
        #expect(event.topic == "transition.w")
        let expected: JSONValue = [
            "seq": 1, "time": event.payload["time"] ?? .null, "kind": "transition", "worker_id": "w", "generation": 2,
            "from_state": "starting", "to_state": "running", "cause": "joined", "actor": "worker",
            "who": nil, "from": nil, "detail": ["x": 1],
        ]
        #expect(event.payload == expected)
        #expect(rig.lines.elements == ["info: starting → running: joined"])
        #expect(try rig.column("SELECT to_state FROM events") == ["running"])
    }

    @Test func aSignalIsToldOnce() async throws {
        let rig = try await Rig()
        let signal = SignalRecord(
            signalID: "w:BTC.kline:1:1",
            workerID: "w",
            name: "cross_up",
            side: "buy",
            emittedAt: 5
        )
        for isNew in [true, false, false] {
            #expect(
                await rig.ask { chronicle, done in chronicle.record(signal) { done(try? $0.get().isNew) } } == isNew
            )
        }
        #expect(rig.published.elements.map(\.topic) == ["signal.w"])
        #expect(rig.lines.elements == ["info: signal cross_up buy"])
    }

    @Test func aJournalThatFailsStopsNobodyAndIsNotedUntilItRecovers() async throws {
        let rig = try await Rig()
        try rig.block(true)
        let failed = await rig.ask { chronicle, done in
            for _ in 1..<100 { chronicle.record(.manager, cause: "lost", actor: .manager) }
            chronicle.record(.manager, cause: "lost", actor: .manager) { done(chronicle.failure?.code) }
        }
        #expect(failed != nil)
        #expect(rig.published.elements.count == 100)
        #expect(rig.published.elements.allSatisfy { $0.payload["seq"] == nil && $0.onDisk == 0 })
        let errors = rig.lines.elements.filter { $0.hasPrefix("error: the journal cannot be written: ") }
        // One a second, and all of them failed together.
        #expect(1...10 ~= errors.count)

        try rig.block(false)
        let code = await rig.ask { chronicle, done in
            chronicle.record(.manager, cause: "kept", actor: .manager) { done(chronicle.failure?.code) }
        }
        #expect(code == nil)
        #expect(rig.lines.elements.contains("notice: the journal can be written again"))
        #expect(try rig.column("SELECT cause FROM events ORDER BY seq") == ["entries lost", "kept"])
    }

    @Test func aSignalThatCannotBeKeptIsToldAllTheSame() async throws {
        let rig = try await Rig()
        try rig.block(true)
        let signal = SignalRecord(signalID: "s", workerID: "w", name: "cross_up", emittedAt: 5)
        #expect(await rig.ask { chronicle, done in chronicle.record(signal) { done((try? $0.get()) == nil) } })
        #expect(rig.published.elements.map(\.topic) == ["signal.w"])
        // One that comes again is told when it is on disk.
        #expect(
            await rig.ask { chronicle, done in
                chronicle.record(signal, isNumbered: true) { done((try? $0.get()) == nil) }
            }
        )
        #expect(rig.published.elements.count == 1)
    }
}
