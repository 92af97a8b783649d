import Testing

@testable import EventJournal

@Suite struct StateTests {
    let folder: TemporaryFolder
    let journal: EventJournal

    init() throws {
        folder = try TemporaryFolder()
        journal = try EventJournal(path: folder.database)
    }

    @Test func everyFieldComesBack() async throws {
        let wishes = [
            DesiredWorker(workerID: "a", wanted: .running, config: #"{"n":1}"#, source: .cli, updatedAt: 1),
            DesiredWorker(workerID: "b", wanted: .paused, config: "{}", source: .config, updatedAt: -2),
            DesiredWorker(workerID: "sma-βτc", wanted: .stopped, config: "[]", source: .api, updatedAt: .max),
        ]
        var foreign = process("b", generation: 7)
        foreign.libraryPath = nil
        foreign.restarts = 0
        let processes = [process("a", generation: 1), process("a", generation: 2), foreign]
        let changes = wishes.map(StateChange.want) + processes.map(StateChange.keep)
        #expect(try await journal.update(changes, with: [transition(), transition()]) == [1, 2])
        #expect(try journal.desiredWorkers() == wishes)
        #expect(try journal.processRecords() == processes)
        journal.close()

        let again = try EventJournal(path: folder.database)
        #expect(try again.desiredWorkers() == wishes)
        #expect(try again.processRecords() == processes)
    }

    @Test func changesAreCarriedOutInTheirOrder() async throws {
        try await journal.update(
            [
                .want(wish("a", .running)), .forget(workerID: "a"), .want(wish("a", .stopped)),
                .want(wish("b", .running)), .forget(workerID: "b"), .forget(workerID: "never"),
                .keep(process("a", generation: 1)), .keep(process("a", generation: 2)),
                .remove(workerID: "a", generation: 1), .remove(workerID: "a", generation: 3),
                .keep(process("a", generation: 2, state: "paused")),
            ],
            with: []
        )
        #expect(try journal.desiredWorkers() == [wish("a", .stopped)])
        #expect(try journal.processRecords() == [process("a", generation: 2, state: "paused")])
    }

    @Test func updatesStandInTheQueueWithTheOthers() async throws {
        let hold = await WriterHold(journal)
        let log = Log<[Int64]>()
        journal.append(transition()) { log.add([(try? $0.get()) ?? -1]) }
        journal.update([.want(wish("a", .running))], with: [transition(), transition(), transition()]) {
            log.add((try? $0.get()) ?? [])
        }
        journal.update([.want(wish("a", .paused))], with: []) { log.add((try? $0.get()) ?? [-1]) }
        journal.append(signal: signal("s")) { log.add([(try? $0.get().seq) ?? -1]) }
        #expect(journal.statistics.pending == 1 + 4 + 1 + 1)
        hold.letGo()
        journal.close()
        #expect(log.elements == [[2], [3, 4, 5], [], [6]])
        #expect(journal.statistics.committed == 8)
        #expect(try folder.lines("SELECT wanted FROM workers") == ["paused"])
    }

    @Test func stateAndEntriesAreOnDiskWhenTheCallbackRuns() throws {
        let folder = folder
        let seen = Log<[String]?>()
        for index in 1...20 {
            let worker = "w\(index)"
            journal.update([.want(wish(worker, .running))], with: [transition(worker: worker)]) { _ in
                seen.add(
                    try? folder.lines(
                        "SELECT wanted, seq FROM desired_workers JOIN events USING (worker_id) WHERE worker_id = '\(worker)'"
                    )
                )
            }
        }
        journal.close()
        #expect(seen.elements == (1...20).map { ["running|\($0)"] })
    }

    @Test func anUpdateThatFailsLeavesNothing() async throws {
        try await journal.update([.want(wish("a", .running))], with: [transition()])
        try journal.pool.run("PRAGMA max_page_count = 1")
        var big = wish("a", .stopped)
        big.config = String(repeating: "x", count: 100_000)
        let error = await #expect(throws: JournalError.self) {
            try await journal.update(
                [.forget(workerID: "a"), .keep(process("a", generation: 1)), .want(big)],
                with: [transition(), transition()]
            )
        }
        #expect(error?.code == .full)
        #expect(try journal.desiredWorkers() == [wish("a", .running)])
        #expect(try journal.processRecords() == [])
        #expect(try journal.entries(matching: JournalQuery()).map(\.seq) == [1])
        try journal.pool.run("PRAGMA max_page_count = 1000000")
        #expect(try await journal.update([.want(big)], with: [transition()]) == [3])
        #expect(
            try journal.entries(matching: JournalQuery(kind: .journal)).map(\.entry.detail)
                == [#"{"refusals":0,"others":5}"#]
        )
    }

    @Test func updatesAreBoundedToo() async throws {
        let limits = JournalLimits(pendingEntries: 4, pendingTextBytes: 100)
        let other = try TemporaryFolder()
        let journal = try EventJournal(path: other.database, limits: limits)
        func errorOfUpdate(_ changes: [StateChange], _ entries: [JournalEntry]) async -> JournalError.Code? {
            do {
                try await journal.update(changes, with: entries)
                return nil
            } catch {
                return error.code
            }
        }
        let wishes = (1...3).map { StateChange.want(wish("w\($0)", .running)) }
        #expect(await errorOfUpdate(wishes, [transition()]) == nil)
        #expect(await errorOfUpdate(wishes, [transition(), transition()]) == .overloaded)
        var long = wish("a", .running)
        long.config = String(repeating: "x", count: 101)
        #expect(await errorOfUpdate([.want(long)], []) == .overloaded)
        #expect(journal.statistics.pending == 0)
        #expect(journal.statistics.lost.others == 6)
    }

    @Test func hostileNamesAndNumbersAreKept() async throws {
        let odd = process("a\0'; --", generation: .max)
        try await journal.update([.want(wish("a\0'; --", .running)), .keep(odd)], with: [])
        let record = try #require(try journal.processRecords().first)
        #expect(record.workerID == "a\u{2400}'; --")
        #expect(record.generation == UInt64(Int64.max))
        try await journal.update(
            [.remove(workerID: "a\0'; --", generation: .max), .forget(workerID: "a\0'; --")],
            with: []
        )
        #expect(try journal.processRecords() == [])
        #expect(try journal.desiredWorkers() == [])
    }

    @Test func aWordOfAnotherVersionIsNotTakenForOneOfOurs() async throws {
        try await journal.update([.want(wish("a", .running))], with: [])
        try folder.otherConnection().run("UPDATE desired_workers SET wanted = 'hibernating'")
        let error = #expect(throws: JournalError.self) { try journal.desiredWorkers() }
        #expect(error?.message.contains("'hibernating'") == true)
    }

    @Test func theTokenIsShownNowhere() async throws {
        let secret = process("a", generation: 1)
        try await journal.update([.want(wish("a", .running)), .keep(secret)], with: [transition(worker: "a")])
        for view in try folder.lines("SELECT name FROM sqlite_schema WHERE type = 'view'") {
            #expect(!(try folder.lines("SELECT * FROM \(view)")).joined().contains(secret.token), "in \(view)")
        }
        #expect(!"\(secret)".contains(secret.token))
        #expect(!"\(StateChange.keep(secret))".contains(secret.token))
        #expect(!String(reflecting: [secret]).contains(secret.token))
        // The table itself is the test that the token is there at all.
        #expect(try folder.lines("SELECT token FROM worker_processes") == [secret.token])
        #expect(try folder.mode(of: folder.database) == 0o600)
    }

    @Test func theViewReadsWell() async throws {
        var running = process("a", generation: 3)
        running.startedAt = 1_736_933_400_000_042_999
        var wanted = wish("a", .running)
        wanted.updatedAt = 0
        var gone = wish("b", .stopped)
        gone.updatedAt = 0
        try await journal.update(
            [.want(wanted), .want(gone), .keep(running), .keep(process("c", generation: 1))],
            with: [
                transition(worker: "a", to: "error"), transition(worker: "b"), transition(worker: "b", to: "stopped"),
            ]
        )
        #expect(
            try folder.lines(
                "SELECT worker, wanted, state, generation, pid, restarts, started, wanted_since FROM workers"
            )
                == [
                    "a|running|running|3|4711|2|2025-01-15T09:30:00.000042Z|1970-01-01T00:00:00.000000Z",
                    "b|stopped|stopped|||||1970-01-01T00:00:00.000000Z",
                    "c||running|1|4711|2|1970-01-01T00:00:00.000000Z|",
                ]
        )
    }
}
