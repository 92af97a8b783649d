import Foundation
import Testing

/// Failures at random, with fixed seeds: few in `make test`, a thousand in `make chaos`.
@Suite struct ChaosTests {
    /// A number from the environment.
    private static func number(_ name: String, _ otherwise: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? otherwise
    }

    @Test func everythingComesBack() async throws {
        let steps = Self.number("QUANTCELL_CHAOS_STEPS", 40)
        let seed = Self.number("QUANTCELL_CHAOS_SEED", 1)
        try await withFolder { folder in
            let chaos = try ChaosRun(folder, seed: UInt64(seed))
            do {
                try chaos.run(steps / 2, killingManager: true)
                try chaos.settleAll()
                try chaos.checkJournal()
                let (descriptors, memory) = (try chaos.descriptors(), try chaos.memory())
                // The manager that lives now is to be the same at the end.
                try chaos.run(steps - steps / 2, killingManager: false)
                try chaos.settleAll()
                try chaos.checkJournal()
                try chaos.waitForDescriptors(atMost: descriptors)
                if steps >= 1000 {
                    let after = try chaos.memory()
                    #expect(Double(after) <= Double(memory) * 1.05, "memory: \(memory) bytes, then \(after)")
                }
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
