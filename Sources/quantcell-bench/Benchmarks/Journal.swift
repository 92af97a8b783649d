import ArgumentParser
import Dispatch
import EventJournal
import Synchronization
import WireProtocol

/// `quantcell-bench journal`
struct Journal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Durable appends to the journal: one by one, and as many at once as there are.",
        discussion: """
            The floor is bare SQLite in the same folder, through Python's sqlite3: the same table and indexes, WAL, synchronous=FULL, \
            one transaction for each row, or for each 1,000.
            """
    )

    @OptionGroup var options: BenchOptions

    func run() throws {
        try options.report { try Self.measure(options, into: &$0) }
    }

    static func measure(_ options: BenchOptions, into report: inout Report) throws {
        let rounds = options.rounds(5, long: 11)
        let (single, grouped) = options.long ? (2000, 200_000) : (300, 50_000)
        report.begin(
            "journal: \(single) appends one by one, \(grouped) at once, \(rounds) rounds",
            notes: [
                "floor: SQLite by Python's sqlite3, same table and indexes, WAL, synchronous=FULL, 1,000 rows a transaction."
            ]
        )
        guard let python = Files.program("python3") else {
            return report.note("left out: the floor needs python3, which is not in PATH.")
        }
        var (mine, bare): ([(Double, Double)], [(Double, Double)]) = ([], [])
        for round in 1...rounds {
            report.progress("journal: round \(round) of \(rounds)")
            let workspace = try Workspace()
            let counts = ["\(single)", "\(grouped)"]
            mine.append(
                try rates(
                    Child(role: .journal, ["\(workspace.path)/journal.db"] + counts, output: "\(workspace.path)/mine")
                )
            )
            try Files.write(floor, to: "\(workspace.path)/floor.py")
            let arguments = ["\(workspace.path)/floor.py", "\(workspace.path)/floor.db"] + counts
            bare.append(try rates(Child("python3", python, arguments, output: "\(workspace.path)/bare")))
        }
        report.add("one durable append after another", "appends/s", mine.map(\.0), floor: bare.map(\.0))
        report.add("many at once, all durable", "appends/s", mine.map(\.1), floor: bare.map(\.1))
    }

    private static func rates(_ child: Child) throws -> (Double, Double) {
        let words = try child.result(milliseconds: 120_000).split(whereSeparator: \.isWhitespace).compactMap {
            Double($0)
        }
        guard words.count == 2 else { throw BenchError("a journal process does not say its rates") }
        return (words[0], words[1])
    }

    private static let floor = """
        import sqlite3, sys, time
        path, single, grouped = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        db = sqlite3.connect(path, isolation_level=None)
        db.execute('PRAGMA journal_mode=WAL')
        db.execute('PRAGMA synchronous=FULL')
        db.execute('''CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, kind TEXT NOT NULL,
            worker_id TEXT, generation INTEGER, from_state TEXT, to_state TEXT, cause TEXT, actor TEXT, detail TEXT) STRICT''')
        db.execute('CREATE INDEX by_time ON events (time)')
        db.execute('CREATE INDEX by_kind ON events (kind)')
        db.execute('CREATE INDEX by_worker ON events (worker_id) WHERE worker_id IS NOT NULL')
        insert = '''INSERT INTO events (time, kind, worker_id, generation, from_state, to_state, cause, actor, detail)
            VALUES (?,?,?,?,?,?,?,?,?)'''
        def row():
            return (time.time_ns(), 'transition', 'bench', 1, 'starting', 'running', 'it runs', 'worker', '{"pid":1234}')
        begin = time.monotonic()
        for _ in range(single):
            db.execute('BEGIN IMMEDIATE')
            db.execute(insert, row())
            db.execute('COMMIT')
        middle = time.monotonic()
        left = grouped
        while left > 0:
            rows = [row() for _ in range(min(left, 1000))]
            db.execute('BEGIN IMMEDIATE')
            db.executemany(insert, rows)
            db.execute('COMMIT')
            left -= len(rows)
        print(single / (middle - begin), grouped / (time.monotonic() - middle))

        """
}

/// Appends to a journal in a process of its own: `PATH SINGLE GROUPED`.
enum JournalWriterRole {
    static func run(_ arguments: RoleArguments) throws {
        let (single, grouped) = (try arguments.number(1), try arguments.number(2))
        let journal = try EventJournal(
            path: arguments.text(0),
            limits: JournalLimits(pendingEntries: grouped + 1, pendingTextBytes: 1 << 30)
        )
        let begin = Clock.monotonic
        for _ in 0..<single { try append(1, to: journal) }
        let middle = Clock.monotonic
        try append(grouped, to: journal)
        let end = Clock.monotonic
        journal.close()
        print(Double(single) * 1e9 / Double(middle - begin), Double(grouped) * 1e9 / Double(end - middle))
    }

    /// Appends entries and waits until all of them are on disk.
    private static func append(_ count: Int, to journal: EventJournal) throws {
        let tally = Tally(count)
        for _ in 0..<count { journal.append(entry) { tally.settled($0) } }
        try tally.wait()
    }

    private static var entry: JournalEntry {
        JournalEntry(
            time: Clock.realtime,
            kind: .transition,
            workerID: "bench",
            generation: 1,
            fromState: "starting",
            toState: "running",
            cause: "it runs",
            actor: "worker",
            detail: #"{"pid":1234}"#
        )
    }
}

/// Counts appends down on the journal's thread, for one who waits on another.
private final class Tally: Sendable {
    private let state: Mutex<(left: Int, failure: JournalError?)>
    private let done = DispatchSemaphore(value: 0)

    init(_ count: Int) {
        state = Mutex((count, nil))
    }

    func settled(_ result: Result<Int64, JournalError>) {
        let isLast = state.withLock { state in
            state.left -= 1
            if case .failure(let error) = result { state.failure = error }
            return state.left == 0
        }
        if isLast { done.signal() }
    }

    func wait() throws {
        done.wait()
        if let failure = state.withLock({ $0.failure }) { throw BenchError("the journal: \(failure)") }
    }
}
