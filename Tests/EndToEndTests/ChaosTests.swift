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
                try chaos.run(steps * 3 / 10, killingManager: true)
                try chaos.settleAll()
                try chaos.checkJournal()
                // The manager that lives now is to be the same at the end; what it keeps of the past it has to fill first.
                try chaos.run(steps * 2 / 10, killingManager: false)
                try chaos.settleAll()
                try chaos.checkJournal()
                if steps >= 1000 { try chaos.fillMemories() }
                let (descriptors, memory) = (try chaos.descriptors(), try chaos.memory())
                var memories = [memory]
                for _ in 0..<5 {
                    try chaos.run(steps / 10, killingManager: false)
                    memories.append(try chaos.memory())
                }
                try chaos.settleAll()
                try chaos.checkJournal()
                try chaos.checkLogs()
                try chaos.waitForDescriptors(within: 0.05, of: descriptors)
                let after = (descriptors: try chaos.descriptors(), memory: try chaos.memory())
                if steps >= 1000 {
                    let growth = Double(after.memory) / Double(memory)
                    #expect(growth <= 1.05, "memory: \(memory) bytes, then \(after.memory)")
                }
                print(
                    "chaos: seed \(seed), \(chaos.history.count) steps, \(chaos.record.managers) managers, "
                        + "descriptors \(descriptors) then \(after.descriptors), memory \(memories) then \(after.memory) bytes"
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
