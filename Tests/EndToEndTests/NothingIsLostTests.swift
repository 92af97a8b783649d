import Foundation
import Synchronization
import Testing

/// The promise: kill a strategy, the manager, or both, at any moment; when they are back, every bar has been handled exactly once, in
/// order, and every signal has been emitted exactly once. A few deaths in `make test`, a hundred and ten in `make chaos`.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: RealBars.path), "\(RealBars.path) is missing"))
struct NothingIsLostTests {
    /// A number from the environment.
    private static func number(_ name: String, _ otherwise: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? otherwise
    }

    @Test(arguments: ["shm", "zmq"]) func everyBarIsHandledOnceAndEverySignalIsEmittedOnce(_ lane: String) async throws
    {
        try await Self.check(Build.strategy("sma_cross"), lane)
    }

    @Test(.needsPython) func soItIsInPython() async throws {
        try await Self.check(Build.pythonStrategy("sma_cross"), "zmq")
    }

    /// Lets the strategy run undisturbed, then while everybody is killed.
    private static func check(_ strategy: String, _ lane: String) async throws {
        let deaths = number("QUANTCELL_LOSS_WORKER_KILLS", 5)
        let managerDeaths = number("QUANTCELL_LOSS_MANAGER_KILLS", 1)
        let seed = number("QUANTCELL_LOSS_SEED", 1)

        let undisturbed = try await run(strategy, seed: seed, lane, killingWorker: 0, manager: 0)
        let expected = Crossing.all(of: try RealBars.closes(), fast: 5, slow: 20)
        #expect(undisturbed.signals.count == expected.count)

        let disturbed = try await run(strategy, seed: seed, lane, killingWorker: deaths, manager: managerDeaths)
        #expect(disturbed.state == undisturbed.state)
        #expect(disturbed.signals.count == undisturbed.signals.count)
        let firstDifference = zip(disturbed.signals, undisturbed.signals).first { $0 != $1 }
        #expect(firstDifference == nil)
    }

    private static func run(
        _ strategy: String,
        seed: Int,
        _ lane: String,
        killingWorker workerKills: Int,
        manager managerKills: Int
    ) async throws -> NothingIsLostRun.Ending {
        let ending = Ending()
        try await withFolder { folder in
            let run = try NothingIsLostRun(folder, strategy, seed: UInt64(seed), lane: lane)
            do {
                let result = try run.run(killingWorker: workerKills, manager: managerKills)
                ending.value.withLock { $0 = result }
            } catch {
                Issue.record("seed \(seed): \(run.history.joined(separator: "; "))")
                throw error
            }
        }
        return try #require(ending.value.withLock { $0 })
    }

    private final class Ending: Sendable {
        let value = Mutex<NothingIsLostRun.Ending?>(nil)
    }
}
