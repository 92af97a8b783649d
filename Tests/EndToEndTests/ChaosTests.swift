import Foundation
import Testing

/// Failures at random, with fixed seeds: few in `make test`, a thousand in `make chaos`.
@Suite(.serialized) struct ChaosTests {
    /// A number from the environment.
    private static func number(_ name: String, _ otherwise: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? otherwise
    }

    /// By how much values grow from the first to the last, as a share of the first, along the line that lies nearest to all of them (least
    /// squares): the allocator gives back and takes again a twentieth of the memory from one moment to the next.
    private static func growth(_ values: [Int]) -> Double {
        let middle = Double(values.count - 1) / 2
        let mean = Double(values.reduce(0, +)) / Double(values.count)
        let places = values.indices.map { Double($0) - middle }
        let slope = zip(places, values).reduce(0) { $0 + $1.0 * Double($1.1) } / places.reduce(0) { $0 + $1 * $1 }
        return 2 * middle * slope / (mean - middle * slope)
    }

    @Test func growthIsThatOfTheLine() {
        #expect(abs(Self.growth([100, 101, 102, 103, 104, 105]) - 0.05) < 1e-9)
        #expect(abs(Self.growth([100, 100, 100]) - 0) < 1e-9)
        #expect(Self.growth([100, 108, 109, 100, 101, 104]) < 0.05)
        #expect(Self.growth([100, 104, 101, 108, 106, 112]) > 0.05)
    }

    @Test func everythingComesBack() async throws { try await Self.run(.swift) }

    @Test(.needsPython) func soItDoesInPython() async throws { try await Self.run(.python) }

    private static func run(_ language: ChaosRun.Language) async throws {
        let steps = number("QUANTCELL_CHAOS_STEPS", 40)
        let seed = number("QUANTCELL_CHAOS_SEED", 1)
        try await withFolder { folder in
            let chaos = try ChaosRun(folder, language, seed: UInt64(seed))
            do {
                try chaos.run(steps * 3 / 10, killingManager: true)
                try chaos.settleAll()
                try chaos.checkJournal()
                // The manager that lives now is to be the same at the end; what it keeps of the past it has to fill first.
                // That takes a young manager three to four hundred steps: what SQLite's connections keep, and answers of all sizes.
                try chaos.run(steps >= 1000 ? steps / 2 : steps * 2 / 10, killingManager: false)
                try chaos.settleAll()
                try chaos.checkJournal()
                if steps >= 1000 { try chaos.fillMemories() }
                let descriptors = try chaos.descriptors()
                var memories = [try chaos.memory()]
                let rounds = steps >= 1000 ? 25 : 5
                for _ in 0..<rounds {
                    try chaos.run(steps / 2 / rounds, killingManager: false)
                    memories.append(try chaos.memory())
                }
                try chaos.settleAll()
                memories.append(try chaos.memory())
                try chaos.checkJournal()
                try chaos.checkLogs()
                try chaos.waitForDescriptors(within: 0.05, of: descriptors)
                let growth = growth(memories)
                if steps >= 1000 { #expect(growth <= 0.05, "memory: \(memories)") }
                print(
                    "chaos: seed \(seed), \(chaos.history.count) steps, \(chaos.record.managers) managers, "
                        + "descriptors \(descriptors) then \(try chaos.descriptors()), memory \(memories) bytes, "
                        + "growth \((growth * 1000).rounded() / 10) %"
                )
                try chaos.stop()
            } catch {
                Issue.record(
                    "seed \(seed), \(chaos.history.count) steps: \(chaos.history.suffix(30).joined(separator: ", "))"
                )
                throw error
            }
        }
    }
}
