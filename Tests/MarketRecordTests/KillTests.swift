import CrashPoints
import Glibc
import Testing
import Threads

@testable import MarketRecord

/// A process is killed, with no chance to do anything about it, while it appends at full speed.
@Suite struct KillTests {
    /// Fifty lives on one folder, each behind the one before: nothing that was accepted is missing, nothing is there twice.
    @Test func whatWasAcceptedOutlivesTheKill() async throws {
        let folder = try TemporaryFolder()
        var total: UInt64 = 0
        for life in 1...50 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String, life = life as Int] in
                var victim = try Victim(path, seed: UInt64(life))
                try victim.live()
            }
            let accepted = try folder.accepted()
            let record = try folder.open { $0.ringBytes = Victim.ringBytes }
            // The last message may have got in without its appender having come to say so.
            let last = record.recovered[Bars.topic] ?? 0
            #expect(accepted > total)
            #expect(last == accepted || last == accepted + 1)
            #expect(record.publishers["victim"] == last)
            #expect(record.discardedBytes == 0 && record.statistics.unreadable == 0)
            let chunk = try folder.reader().read((Bars.topic, total + 1...last))
            #expect(chunk.messages.map(\.event) == (total + 1...last).map { Bars.event($0) })
            #expect(chunk.messages.map(\.position) == Array(total + 1...last))
            // A checkpoint says no more than is there.
            if let checkpoint = try record.checkpoint(of: "victim") {
                #expect(checkpoint.positions[Bars.topic] ?? 0 <= last)
            }
            total = last
        }
        let reader = try folder.reader()
        #expect(try reader.read((Bars.topic, 1...total)).messages.count == Int(total))
        #expect(
            try reader.connection.integer("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'")
                == 1
        )
    }
}

/// A process ends at a named point of the recorder's path.
@Suite struct CrashPointTests {
    @Test(
        arguments: ["record.batch.before", "record.commit.before", "record.commit.after", "record.answer.before"],
        [1, 2, 5]
    )
    func nothingIsMissingAndNothingIsTwice(_ point: String, _ time: Int) async throws {
        let folder = try TemporaryFolder()
        let crash = "\(point):\(time)"
        await #expect(processExitsWith: .exitCode(CrashPoint.exitCode)) {
            [path = folder.path as String, crash = crash as String] in
            setenv("QUANTCELL_CRASH_POINT", crash, 1)
            var victim = try Victim(path, seed: 1)
            try victim.live()
        }
        let accepted = try folder.accepted()
        let record = try folder.open { $0.ringBytes = Victim.ringBytes }
        let last = record.recovered[Bars.topic] ?? 0
        #expect(last > 0 && (last == accepted || last == accepted + 1))
        #expect(record.publishers["victim"] == last)
        // Only between the commit and the release is anything in both places.
        #expect(record.statistics.repeated == 0 || point == "record.commit.after")
        let messages = try folder.reader().read((Bars.topic, 1...last)).messages
        #expect(messages.map(\.event) == (1...last).map { Bars.event($0) })
        #expect(messages.map(\.position) == Array(1...last))
    }
}

/// Lives in a process of its own, and appends until it is killed.
private struct Victim {
    static let ringBytes = 256 << 10

    private let record: MarketRecord
    private let isToBeKilled: Bool
    private let progress: Progress
    private var random: SeededGenerator

    init(_ path: String, seed: UInt64) throws {
        var configuration = RecordConfiguration(
            path: "\(path)/market.db",
            ringPath: "\(path)/intake.ring",
            linger: .zero
        )
        configuration.ringBytes = Self.ringBytes
        random = SeededGenerator(state: seed)
        configuration.batchMessages = Int.random(in: 1...300, using: &random)
        isToBeKilled = getenv("QUANTCELL_CRASH_POINT") == nil
        record = try MarketRecord(configuration, logger: .silent)
        progress = try Progress("\(path)/progress")
    }

    mutating func live() throws {
        try record.start()
        let first = record.recovered[Bars.topic] ?? 0
        var sequence = first
        while true {
            let next = sequence + 1
            guard record.appendBars(next...next, publisher: "victim") else { continue }
            sequence = next
            progress.store(sequence)
            if isToBeKilled, sequence == first + 1 { try dieSoon() }
            if sequence % 50 == 0 {
                let checkpoint = CheckpointRecord(
                    workerID: "victim",
                    generation: 1,
                    ordinal: sequence,
                    positions: [Bars.topic: sequence],
                    state: "{}",
                    strategy: "",
                    reason: "messages",
                    savedAt: 0
                )
                record.save(checkpoint) { _ in }
            }
        }
    }

    /// By a thread that knows nothing of what the others are at.
    private mutating func dieSoon() throws {
        let delay = UInt32.random(in: 0...30_000, using: &random)
        _ = try OwnThread("killer") {
            usleep(delay)
            kill(getpid(), SIGKILL)
        }
    }
}

/// One number in a mapped file, which outlives its process.
private struct Progress {
    private let word: UnsafeMutablePointer<UInt64>

    init(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        try #require(descriptor >= 0 && ftruncate(descriptor, 8) == 0)
        defer { close(descriptor) }
        let base = try #require(mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0))
        word = base.assumingMemoryBound(to: UInt64.self)
    }

    func store(_ value: UInt64) {
        word.pointee = value
    }
}

extension TemporaryFolder {
    /// The last message of which the victim knew that it had been taken.
    fileprivate func accepted() throws -> UInt64 {
        try read("progress").withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
}
