import Foundation
import GRDB
import JournalChain
import Synchronization
import Testing

@testable import EventJournal

/// A process is killed, with no chance to do anything about it, while it commits state, entries, signals and deaths
/// together: twenty times in `make test`, two hundred times in `make chaos`.
@Suite struct CrashTests {
    @Test func afterEachKillTheStateIsWhatTheEntriesSay() async throws {
        var left = ProcessInfo.processInfo.environment["QUANTCELL_JOURNAL_KILLS"].flatMap { Int($0) } ?? 20
        var seed = 1
        while left > 0 {
            try await liveAndDie(min(left, 20), seed: seed)
            left -= 20
            seed += 20
        }
    }

    /// So many lives, one after the other, on one file: each goes on where the one before was killed.
    private func liveAndDie(_ lives: Int, seed: Int) async throws {
        let folder = try TemporaryFolder()
        var last = 0
        for life in seed..<seed + lives {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String, life = life as Int] in
                try await Victim(path, life).live()
            }
            // The file as it was left, before anybody opens it for writing.
            let verification = try JournalVerifier(path: folder.database).verify()
            #expect(verification.fault == nil)
            let journal = try EventJournal(path: folder.database)
            let entries = try folder.lines("SELECT kind, worker_id, generation, to_state, detail, seq FROM events")
            // What was answered is there; what was not may be there, too.
            let answered = try #require(Int(String(contentsOfFile: folder.path + "/answered-\(life)", encoding: .utf8)))
            #expect(answered > last)
            #expect(entries.count >= answered)
            last = entries.count
            #expect(try folder.lines("SELECT max(seq) FROM events") == ["\(last)"])

            let model = Model(entries)
            #expect(model.deaths.count > 0)
            #expect(
                try Set(journal.desiredWorkers().map { "\($0.workerID)|\($0.wanted) \($0.config)" })
                    == Set(model.desired.map { "\($0)|\($1)" })
            )
            #expect(try Set(journal.processRecords().map { "\($0.workerID)|\($0.generation)" }) == model.processes)
            #expect(try folder.lines("SELECT worker_id, generation, seq FROM deaths") == model.deaths)
            #expect(
                try folder.lines("SELECT count(*), max(number) FROM emitted_signals WHERE generation = \(life)")
                    == [
                        "\(model.signals[life, default: 0])|\(journal.lastSignalNumber(of: "s", generation: UInt64(life)))"
                    ]
            )
            #expect(model.signals[life, default: 0] > 0)
            #expect(try folder.lines("PRAGMA integrity_check") == ["ok"])
            #expect(verification.entries == entries.count)
            journal.close()
        }
    }
}

/// What the entries say, one after the other.
private struct Model {
    var desired: [String: String] = [:]
    var processes: Set<String> = []
    var deaths: [String] = []
    var signals: [Int: Int] = [:]

    init(_ entries: [String]) {
        for entry in entries {
            let fields = entry.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            let process = "\(fields[1])|\(fields[2])"
            switch (fields[0], fields[3]) {
            case ("signal", _): signals[Int(fields[2]) ?? 0, default: 0] += 1
            case ("command", _): desired[fields[1]] = fields[4]
            case (_, "running"): processes.insert(process)
            default:
                processes.remove(process)
                deaths.append("\(process)|\(fields[5])")
            }
        }
    }
}

/// Lives in a process of its own, and appends until it is killed.
private final class Victim: Sendable {
    private static let workers = ["a", "b", "c", "d", "e"]

    private let journal: EventJournal
    private let answerFile: CInt
    private let answers = Atomic(0)
    private let seed: UInt64
    private let life: Int

    init(_ path: String, _ life: Int) throws {
        journal = try EventJournal(path: path + "/journal.db")
        answerFile = open(path + "/answered-\(life)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        seed = UInt64(life)
        self.life = life
    }

    func live() async throws {
        var random = SplitMix(state: seed)
        let first = try journal.entries(matching: JournalQuery(limit: 1, keeping: .newest)).last?.seq ?? 0
        dieAfter(answers: Int.random(in: 20...200, using: &random), turns: Int.random(in: 0...300_000, using: &random))
        var number = first
        var signals: UInt64 = 0
        while true {
            signals += 1
            journal.append(
                signal: SignalRecord(
                    signalID: "\(life):\(signals)",
                    workerID: "s",
                    generation: UInt64(life),
                    number: signals,
                    name: "up",
                    price: Double(signals),
                    emittedAt: 5
                )
            ) { self.answer($0.map(\.seq)) {} }
            // Alone and in groups; the last one is answered last.
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                number += 1
                happen(number, &random) {}
            }
            number += 1
            await withCheckedContinuation { done in happen(number, &random) { done.resume() } }
        }
    }

    /// From a thread of its own, anywhere within a batch: after so many turns, not at a time.
    private func dieAfter(answers count: Int, turns: Int) {
        Thread.detachNewThread { [self] in
            while answers.load(ordering: .sequentiallyConsistent) < count {}
            for _ in 0..<turns { _ = answers.load(ordering: .sequentiallyConsistent) }
            kill(getpid(), SIGKILL)
        }
    }

    /// Wishes for two workers; the birth of a process; its death, or not.
    private func happen(_ number: Int64, _ random: inout SplitMix, _ then: @escaping @Sendable () -> Void) {
        let worker = Self.workers[Int(number / 3) % Self.workers.count]
        switch number % 3 {
        case 0:
            let other = Self.workers[Int.random(in: 0..<Self.workers.count, using: &random)]
            let wishes = [worker, other].map { name in
                DesiredWorker(
                    workerID: name,
                    wanted: DesiredWorker.Wanted.allCases.randomElement(using: &random) ?? .running,
                    config: "\(number)",
                    source: .cli,
                    updatedAt: number
                )
            }
            let entries = wishes.map { wish in
                JournalEntry(
                    time: number,
                    kind: .command,
                    workerID: wish.workerID,
                    detail: "\(wish.wanted) \(wish.config)"
                )
            }
            journal.update(wishes.map(StateChange.want), with: entries) { self.answer($0.map { $0.max() ?? 0 }, then) }
        case 2 where Bool.random(using: &random):
            let generation = UInt64(number - 1)
            let death = DeathRecord(workerID: worker, generation: generation, time: number, cause: "exit")
            journal.append(
                entry(number, worker, generation, "error"),
                death: death,
                changes: [.remove(workerID: worker, generation: generation)]
            ) { self.answer($0, then) }
        default:
            let generation = UInt64(number)
            journal.update(
                [.keep(process(worker, generation: generation))],
                with: [entry(number, worker, generation, "running")]
            ) { self.answer($0.map { $0.max() ?? 0 }, then) }
        }
    }

    private func entry(_ number: Int64, _ worker: String, _ generation: UInt64, _ state: String) -> JournalEntry {
        JournalEntry(time: number, kind: .transition, workerID: worker, generation: generation, toState: state)
    }

    private func answer(_ result: Result<Int64, JournalError>, _ then: () -> Void) {
        guard case .success(let seq) = result else { exit(1) }
        // Always as long, so that it covers what was there before.
        let text = String(String("\(seq)".reversed()).padding(toLength: 18, withPad: "0", startingAt: 0).reversed())
        pwrite(answerFile, text, 18, 0)
        answers.add(1, ordering: .sequentiallyConsistent)
        then()
    }
}

/// A seed gives the same numbers each time.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
