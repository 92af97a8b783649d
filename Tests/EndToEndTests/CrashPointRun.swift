import EventJournal
import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// The life of a strategy from start to stop, in which the manager or the worker dies once, at a named point; whoever dies is started
/// again, and what was asked for is asked for again where nobody answered.
final class CrashPointRun {
    /// How many bars are replayed.
    static let bars = 3000
    private static let worker = "sma"
    private static let topic = "market.X.kline"
    private static let config = """
        pool: {min_size: 1, max_size: 2}
        supervisor:
          restart_policy: {backoff_base: 1ms, backoff_max: 5ms, jitter: 0}
          health: {heartbeat_interval: 50ms}
          orphan_lease: 5s
          checkpoint: {messages: 200, interval: 100ms}
        """

    private let folder: TestFolder
    private let manager: TestManager
    private let strategy: String
    private let closes: [Double]
    private let csv: String
    /// Made by the process that dies.
    private let mark: String
    private(set) var deaths = 0

    /// - Parameters:
    ///   - point: Where somebody is to die.
    ///   - strategy: The shared object of `sma_cross`, or its Python file.
    ///   - name: What the file is called.
    init(_ folder: TestFolder, point: String, strategy: Data, as name: String = "sma_cross.so") throws {
        mark = "\(folder.path)/dead"
        csv = "\(folder.path)/bars.csv"
        self.strategy = "\(folder.path)/\(name)"
        try strategy.write(to: URL(fileURLWithPath: self.strategy))
        var folder = folder
        folder.environment["QUANTCELL_CRASH_POINT"] = point
        folder.environment["QUANTCELL_CRASH_FILE"] = mark
        self.folder = folder
        let lines = try String(contentsOfFile: RealBars.path, encoding: .utf8).split(separator: "\n").prefix(
            Self.bars + 1
        )
        try lines.joined(separator: "\n").write(toFile: csv, atomically: false, encoding: .utf8)
        closes = try Array(RealBars.closes().prefix(Self.bars))
        do {
            manager = try TestManager(Self.config, in: folder)
        } catch  where FileManager.default.fileExists(atPath: mark) {
            // It died before it could answer for the first time.
            deaths += 1
            manager = try TestManager(Self.config, in: folder)
        }
    }

    func run() throws {
        try start()
        try replay()
        try surviving { try caughtUp() }
        try restart()
        try stop()
        try end()
        try check()
    }

    // MARK: Steps

    private func start() throws {
        try surviving {
            // A manager that came back has started what it was told to start, or is at it.
            if try exists() { return _ = try manager.until(Self.worker, isIn: "running") }
            try manager.start(strategy, name: Self.worker, symbols: ["X"], params: ["fast": 5, "slow": 20])
        }
        try surviving { _ = try manager.until(Self.worker, isIn: "running") }
    }

    private func replay() throws {
        let program = try manager.program(
            Build.program("quantcell"),
            ["replay", csv, "--symbol", "X", "--speed", "max", "--json"]
        )
        let deadline = Deadline()
        while true {
            var items = [program.pidFileDescriptor, manager.process.pidFileDescriptor].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&items, 2, deadline.milliseconds) > 0 else { throw Waited("the replay did not end") }
            if items[1].revents != 0 { try comeBack() } else { break }
        }
        let done = try program.finish()
        #expect(done.code == 0, "\(done.errors)")
        #expect(try JSONValue(parsing: done.output)["sent"] == .integer(Int64(Self.bars)))
    }

    private func caughtUp() throws {
        try manager.until(Self.worker, hasHandled: Self.topic, upTo: Self.bars)
    }

    private func restart() throws {
        let before = try generation()
        try surviving {
            try manager.until(Self.worker, isIn: "running")
            let now = try generation()
            guard deaths == 0 || now == before else { return }
            try manager.ask(.restart, Self.worker)
        }
        try surviving { try caughtUp() }
    }

    private func stop() throws {
        try surviving {
            // Where its end was meant and not reached, the next manager brings it about.
            guard try exists(), try manager.status(Self.worker)["state"] != "stopped" else { return }
            try manager.ask(.stop, Self.worker)
        }
    }

    private func end() throws {
        let status = try manager.stop()
        if status == .exited(code: 42) { deaths += 1 } else { #expect(status == .exited(code: 0)) }
    }

    // MARK: Dying and coming back

    /// Does something; once more where the manager died of the point meanwhile.
    private func surviving(_ action: () throws -> Void) throws {
        do {
            try action()
        } catch {
            guard deaths == 0, Deadline(within: .milliseconds(500)).wait(for: manager.process.pidFileDescriptor) else {
                throw error
            }
            try comeBack()
            try action()
        }
    }

    private func comeBack() throws {
        #expect(try manager.ended() == .exited(code: 42))
        deaths += 1
        try manager.startAgain(folder)
    }

    private func exists() throws -> Bool {
        try manager.ask(.list)["workers"]?.arrayValue?.contains { $0["worker_id"]?.stringValue == Self.worker } ?? false
    }

    private func generation() throws -> Int64 {
        try #require(try manager.status(Self.worker)["generation"]?.integerValue)
    }

    // MARK: What must hold

    private func check() throws {
        #expect(FileManager.default.fileExists(atPath: mark), "nobody came to the point")
        // Who was a spare, or starting, when its manager died, ends by itself.
        for process in Leftovers.processes(with: folder.path) { try Processes.end(of: process.pid, process.command) }
        try checkJournal()
        // A manager that is started now finds nothing to do, and knows what it should.
        try manager.startAgain(folder)
        #expect(try manager.ask(.list)["workers"] == [])
        let checkpoint = try manager.ask(.checkpoint, Self.worker)["checkpoint"]
        #expect(checkpoint?["positions"] == [Self.topic: .integer(Int64(Self.bars))])
        #expect(
            checkpoint?["state"]?["markets"]?["X"]?["closes"] == .array(closes.suffix(20).map(JSONValue.number))
        )
        let topic = try manager.ask(.history)["topics"]?.arrayValue?.first
        #expect(topic?["messages"] == .integer(Int64(Self.bars)))
        #expect(topic?["last"] == .integer(Int64(Self.bars)))
        let signals = try manager.signals(of: Self.worker).map { signal in
            Crossing(
                sequence: Int(try #require(signal["sequence"]?.integerValue)),
                side: try #require(signal["side"]?.stringValue),
                price: try #require(signal["price"]?.doubleValue),
                fast: try #require(signal["data"]?["fast"]?.doubleValue),
                slow: try #require(signal["data"]?["slow"]?.doubleValue)
            )
        }
        #expect(signals == Crossing.all(of: closes, fast: 5, slow: 20))
        #expect(try manager.stop() == .exited(code: 0))
    }

    /// What is so is what the journal says.
    private func checkJournal() throws {
        let journal = try EventJournal(path: manager.journal)
        defer { journal.close() }
        #expect(try journal.unfinishedIntents().isEmpty)
        #expect(try journal.processRecords().isEmpty)
        #expect(try journal.desiredWorkers().map(\.wanted) == [.stopped])
        var last: (state: String, generation: UInt64)?
        for entry in try journal.entries(matching: JournalQuery(workerID: Self.worker, kind: .transition)).map(\.entry)
        {
            let to = try #require(entry.toState)
            if let from = entry.fromState {
                #expect(from == last?.state, "\(entry)")
                let (before, after) = (
                    try #require(WorkerState(rawValue: from)), try #require(WorkerState(rawValue: to))
                )
                #expect(before.mayBecome(after), "\(entry)")
            }
            #expect(entry.generation ?? 0 >= last?.generation ?? 0, "\(entry)")
            last = (to, entry.generation ?? 0)
        }
    }
}
