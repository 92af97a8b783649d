import EventJournal
import Testing

@Suite struct ViewTests {
    @Test func viewsReadWell() async throws {
        let folder = try TemporaryFolder()
        let journal = try EventJournal(path: folder.database)
        let time: Int64 = 1_736_933_400_000_042_999
        try await journal.append(
            JournalEntry(time: time, kind: .manager, cause: "started", actor: "operator", detail: "{}")
        )
        try await journal.append(
            JournalEntry(
                time: time,
                kind: .transition,
                workerID: "sma",
                generation: 1,
                fromState: "starting",
                toState: "running",
                cause: "joined",
                actor: "worker",
                detail: "{}"
            )
        )
        try await journal.append(
            JournalEntry(time: time, kind: .command, workerID: "sma", generation: 1, cause: "stop", actor: "operator")
        )
        try await journal.append(
            JournalEntry(time: time, kind: .refused, cause: "bad topic", actor: "feed", detail: #"{"size":3}"#)
        )
        try await journal.append(
            signal: SignalRecord(
                signalID: "s1",
                workerID: "sma",
                generation: 1,
                number: 9,
                name: "cross_up",
                side: "buy",
                symbol: "BTC/USDT",
                dataType: "kline",
                sequence: 21,
                eventTime: 0,
                price: 42_000.5,
                quantity: 1,
                emittedAt: time
            )
        )
        let stamp = "2025-01-15T09:30:00.000042Z"
        #expect(try folder.lines("SELECT * FROM manager_log") == ["\(stamp)|started|operator|{}"])
        #expect(try folder.lines("SELECT * FROM transitions") == ["\(stamp)|sma|1|starting|running|joined|worker"])
        #expect(try folder.lines("SELECT * FROM commands") == ["\(stamp)|stop|sma|1|operator|||"])
        #expect(try folder.lines("SELECT * FROM refusals") == [#"\#(stamp)|||bad topic|feed|{"size":3}"#])
        #expect(
            try folder.lines("SELECT * FROM signals") == [
                "\(stamp)|s1|sma|1|9|cross_up|buy|BTC/USDT|kline|21|1970-01-01T00:00:00.000000Z|42000.5|1.0|"
            ]
        )
        #expect(try folder.lines("SELECT seq, time, kind FROM journal").last == "5|\(stamp)|signal")
    }
}
