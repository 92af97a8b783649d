import Foundation
import Testing

/// Manager and worker die at each named point; afterwards everything is as the journal says, and nothing was lost or done twice.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: RealBars.path), "\(RealBars.path) is missing"), .serialized)
struct CrashPointTests {
    /// Every point there is, some of them the so-many-th time.
    static let points = [
        "manager.start.intended", "manager.start.acquired", "manager.start.sent", "manager.start.over",
        "manager.restart.intended", "manager.restart.over",
        "manager.reload.intended", "manager.reload.tried", "manager.reload.handed", "manager.reload.held",
        "manager.reload.swapped", "manager.reload.over",
        "manager.stop.intended", "manager.stop.asked", "manager.stop.over",
        "manager.checkpoint.before:3", "manager.checkpoint.saved:3",
        "manager.signal.taken:20", "manager.signal.recorded:20",
        "journal.begin.before:8", "journal.commit.before:8", "journal.commit.after:8", "journal.callback.before:8",
        "intake.appended:500", "intake.numbered:500", "intake.sent:500",
        "record.batch.before:2", "record.commit.before:2", "record.commit.after:2", "record.answer.before:2",
        "worker.start.hosted", "worker.start.joined", "worker.start.done",
        "worker.message.handled:500", "worker.signal.before:20", "worker.signal.sent:20",
        "worker.checkpoint.before:3", "worker.checkpoint.sent:3", "worker.checkpoint.recorded:3",
        "worker.handover.before", "worker.handover.saved", "worker.held.ready", "worker.held.released",
        "worker.stop.before", "worker.stop.saved",
    ]
    /// Reached only by a worker that catches up: tested where there is one.
    static let elsewhere: Set = ["worker.replay.chunk"]

    @Test(arguments: points)
    func whoeverDiesComesBackToWhatTheJournalSays(point: String) async throws {
        let strategy = try await CompiledCross.library()
        try await withFolder { folder in
            let run = try CrashPointRun(folder, point: point, strategy: strategy)
            try run.run()
            #expect(run.deaths == (point.hasPrefix("worker.") ? 0 : 1))
        }
    }

    private static let isLong = ProcessInfo.processInfo.environment["QUANTCELL_CHAOS_STEPS"] != nil

    /// Those of the worker, which is another program in Python: all in `make chaos`, in `make test` one of each part of its life.
    static let pythonPoints = points.filter { point in
        isLong
            ? point.hasPrefix("worker.")
            : [
                "worker.start.joined", "worker.message.handled:500", "worker.signal.before:20",
                "worker.checkpoint.sent:3", "worker.handover.saved", "worker.held.released", "worker.stop.saved",
            ].contains(point)
    }

    @Test(.needsPython, arguments: pythonPoints)
    func soItIsInPython(point: String) async throws {
        let strategy = try Data(contentsOf: URL(fileURLWithPath: Build.pythonStrategy("sma_cross")))
        try await withFolder { folder in
            let run = try CrashPointRun(folder, point: point, strategy: strategy, as: "sma_cross.py")
            try run.run()
            #expect(run.deaths == 0)
        }
    }

    @Test func theListIsComplete() throws {
        let sources = Build.repository.appending(path: "Sources")
        var found: Set<String> = []
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /CrashPoint\.reach\("([a-z.]+)"\)/) { found.insert(String(match.1)) }
        }
        let listed = Set(Self.points.map { String($0.prefix { $0 != ":" }) })
        #expect(found == listed.union(Self.elsewhere))
        let worker = Build.repository.appending(path: "Sources/quantcell-python/src/quantcell/worker")
        let names = try FileManager.default.contentsOfDirectory(atPath: worker.path).filter { $0.hasSuffix(".py") }
        let python = try names.map { try String(contentsOf: worker.appending(path: $0), encoding: .utf8) }
        let reached = python.joined().matches(of: /reach\("(worker[a-z.]+)"\)/).map { String($0.1) }
        #expect(found.filter { $0.hasPrefix("worker.") }.isSubset(of: reached))
    }
}
