import Foundation
import Synchronization
import Testing

/// New code takes over in the middle of a replay at full speed: no bar is missed or handled twice, and the signals are those of an
/// undisturbed run, also where somebody dies meanwhile. A few tries in `make test`, fifty of each in `make chaos`.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: RealBars.path), "\(RealBars.path) is missing"), .serialized)
struct ReloadTests {
    private static let tries = ProcessInfo.processInfo.environment["QUANTCELL_RELOAD_TRIES"].flatMap { Int($0) } ?? 2
    private static let seed = ProcessInfo.processInfo.environment["QUANTCELL_RELOAD_SEED"].flatMap { Int($0) } ?? 1

    @Test func noBarIsMissedOrDoubledWhenCodeIsExchanged() async throws { try await Self.exchange(.swift) }

    @Test(.needsPython) func soItIsInPython() async throws { try await Self.exchange(.python) }

    @Test func norWhereSomebodyDiesMeanwhile() async throws { try await Self.exchangeAndKill(.swift) }

    @Test(.needsPython) func norWhereSomebodyDiesInPython() async throws { try await Self.exchangeAndKill(.python) }

    private static func exchange(_ strategy: ReloadedStrategy) async throws {
        for number in 0..<tries {
            let ending = try await run(strategy, seed: seed + number, kills: false)
            #expect(ending.reloads == 2)
            // The old process has emitted signals, and so has a new one: the exchange came in the middle of the bars.
            #expect(ending.generations > 1)
        }
    }

    private static func exchangeAndKill(_ strategy: ReloadedStrategy) async throws {
        for number in 0..<tries { _ = try await run(strategy, seed: seed + number, kills: true) }
    }

    private static func run(_ strategy: ReloadedStrategy, seed: Int, kills: Bool) async throws -> ReloadReplay.Ending {
        let ending = Box()
        try await withFolder(strategy) { folder, versions in
            let run = try ReloadReplay(folder, versions: versions, seed: UInt64(seed))
            do {
                let result = try run.run(reloads: 2, kills: kills)
                ending.value.withLock { $0 = result }
            } catch {
                Issue.record("seed \(seed): \(run.history.joined(separator: "; "))")
                throw error
            }
        }
        return try #require(ending.value.withLock { $0 })
    }

    private final class Box: Sendable {
        let value = Mutex<ReloadReplay.Ending?>(nil)
    }

    private static func withFolder(
        _ strategy: ReloadedStrategy,
        _ body: @Sendable (TestFolder, [String]) throws -> Void
    ) async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "qcv-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        let versions = try await strategy.versions(place)
        try await EndToEndTests.withFolder { folder in try body(folder, versions) }
    }
}
