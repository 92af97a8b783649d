import ArgumentParser
import Dispatch
import EventJournal
import JournalChain
import Synchronization
import WireProtocol

/// `quantcell-bench journal`
struct Journal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Durable appends to the journal: one by one, and as many at once as there are.",
        discussion: """
            The floor is bare SQLite in the same folder: the same table and indexes, WAL, synchronous=FULL, prepared statements, \
            one transaction for each row, or for each 4,000. The journal hashes each entry, too.
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
                "floor: bare SQLite, same table and indexes, WAL, synchronous=FULL, 4,000 rows a transaction; no hashes."
            ]
        )
        var (mine, bare): ([[Double]], [[Double]]) = ([], [])
        for round in 1...rounds {
            report.progress("journal: round \(round) of \(rounds)")
            let workspace = try Workspace()
            let counts = ["\(single)", "\(grouped)"]
            func rates(_ role: RoleName, _ count: Int) throws -> [Double] {
                let child = try Child(
                    role: role,
                    ["\(workspace.path)/\(role).db"] + counts,
                    output: "\(workspace.path)/\(role)"
                )
                let words = try child.result(milliseconds: 120_000).split(whereSeparator: \.isWhitespace)
                let rates = words.compactMap { Double($0) }
                guard rates.count == count else { throw BenchError("a process '\(role)' does not say its rates") }
                return rates
            }
            mine.append(try rates(.journal, 4))
            bare.append(try rates(.database, 2))
        }
        report.add(
            "one durable append after another",
            "appends/s",
            mine.map { $0[0] },
            floor: bare.map { $0[0] },
            target: .atLeastOrRatio(5000, 0.8)
        )
        report.add(
            "the same, asked and awaited by another thread",
            "appends/s",
            mine.map { $0[1] },
            floor: bare.map { $0[0] }
        )
        report.add(
            "many at once, all durable",
            "appends/s",
            mine.map { $0[2] },
            floor: bare.map { $0[1] },
            target: .atLeast(100_000)
        )
        report.add("verified, all hashes", "entries/s", Figure(mine.map { $0[3] }))
    }
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
        try Chain(journal, single).wait()
        let chained = Clock.monotonic
        for _ in 0..<single { try append(1, to: journal) }
        let middle = Clock.monotonic
        try append(grouped, to: journal)
        let end = Clock.monotonic
        journal.close()
        let beginVerification = Clock.monotonic
        let verification = try JournalVerifier(path: arguments.text(0)).verify()
        let endVerification = Clock.monotonic
        if let fault = verification.fault { throw BenchError("the journal: \(fault)") }
        let rates = [
            (single, chained - begin), (single, middle - chained), (grouped, end - middle),
            (Int(verification.entries), endVerification - beginVerification),
        ]
        print(rates.map { "\(Double($0.0) * 1e9 / Double($0.1))" }.joined(separator: " "))
    }

    /// Appends entries and waits until all of them are on disk.
    private static func append(_ count: Int, to journal: EventJournal) throws {
        let tally = Tally(count)
        for _ in 0..<count { journal.append(entry) { tally.settled($0) } }
        try tally.wait()
    }

    fileprivate static var entry: JournalEntry {
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

/// Appends entries, each when the one before it is on disk.
private final class Chain: Sendable {
    private let journal: EventJournal
    private let left: Mutex<Int>
    private let tally: Tally

    init(_ journal: EventJournal, _ count: Int) {
        self.journal = journal
        left = Mutex(count)
        tally = Tally(count)
    }

    func wait() throws {
        next()
        try tally.wait()
    }

    private func next() {
        let isDone = left.withLock { left in
            left -= 1
            return left < 0
        }
        if isDone { return }
        journal.append(JournalWriterRole.entry) { result in
            self.tally.settled(result)
            self.next()
        }
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
