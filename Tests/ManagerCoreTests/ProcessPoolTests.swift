import Glibc
import ProcessControl
import Testing

@testable import ManagerCore

/// The pool with real processes, which say hello only when a test says so.
@Suite struct ProcessPoolTests {
    /// Runs a test with a pool, and ends its processes whatever becomes of the test.
    private func with(
        _ configuration: PoolConfig,
        _ command: String = "exec sleep 1000",
        failures: Int = 0,
        _ body: (PoolRig) async throws -> Void
    ) async throws {
        let rig = try await PoolRig(configuration, command, failures: failures)
        do {
            try await body(rig)
            try await rig.close()
        } catch {
            try await rig.close()
            throw error
        }
    }

    @Test func sparesAreKeptReadyAndReplaced() async throws {
        try await with(PoolConfig(minSize: 2, maxSize: 4)) { rig in
            try await rig.waitForSpares(2)
            #expect(try await rig.run { $0.idleCount } == 0)
            try await rig.connectAll()
            #expect(try await rig.run { $0.idleCount } == 2)
            let before = try await rig.pids
            let taken = try await rig.run { try $0.acquire().child.pid }
            #expect(before.contains(taken))
            try await rig.waitForSpares(2)
            #expect(try await rig.pids.count == 3)
            // Enough were ready: no more are kept than before.
            #expect(rig.spawns.elements.count == 3)
        }
    }

    @Test func aSpareThatIsReadyIsTakenFirst() async throws {
        try await with(PoolConfig(minSize: 1, maxSize: 1)) { rig in
            try await rig.waitForSpares(1)
            try await rig.connectAll()
            let (isConnected, identity) = try await rig.run { pool in
                let process = try pool.acquire()
                return (process.isConnected, process.identity)
            }
            #expect(isConnected)
            #expect(try await rig.run { $0.spare(identity) == nil })
            // The next one has not said hello yet: better that one than to begin anew.
            try await rig.waitForSpares(1)
            #expect(try await rig.run { try $0.acquire().isConnected } == false)
            try await rig.waitForSpares(1)
            #expect(rig.spawns.elements.count == 3)
        }
    }

    @Test func withoutASpareOneIsSpawnedAtOnce() async throws {
        try await with(PoolConfig(minSize: 0, maxSize: 0)) { rig in
            #expect(rig.spawns.elements.isEmpty)
            let pid = try await rig.run { try $0.acquire().child.pid }
            #expect(try await rig.pids == [pid])
            #expect(try await rig.run { $0.count } == 0)
        }
    }

    @Test func aBusyTimeKeepsMoreUpToTheMostAndThenFewerAgain() async throws {
        try await with(PoolConfig(minSize: 1, maxSize: 3, idleTimeout: .seconds(2))) { rig in
            try await rig.waitForSpares(1)
            let taken = try await rig.run { pool in try (0..<6).map { _ in try pool.acquire().identity } }
            #expect(Set(taken).count == 6)
            try await wait(for: "three spares beside the six") { rig.spawns.elements.count == 9 }
            // After the quiet time only one is kept, and the others are ended.
            try await wait(for: "the others to end") { try await rig.pids.count == 7 }
            #expect(try await rig.run { $0.count } == 1)
            #expect(rig.spawns.elements.count == 9)
            #expect(!rig.lines.elements.contains { $0.contains("a spare ended") })
        }
    }

    @Test func sparesThatCannotLiveAreReplacedEverMoreSlowly() async throws {
        try await with(PoolConfig(minSize: 1, maxSize: 1), "exit 3") { rig in
            try await wait(for: "four attempts") { rig.spawns.elements.count >= 4 }
            let times = rig.spawns.elements
            for (index, pause) in [100, 200, 400].enumerated() {
                #expect(times[index + 1] - times[index] >= .milliseconds(pause))
            }
            #expect(
                rig.lines.elements.count { $0 == "warning: a spare ended: exit code 3" } >= 3,
                "\(rig.lines.elements)"
            )
        }
    }

    @Test func aSpareThatDiesAfterItsHelloIsReplacedSoon() async throws {
        try await with(PoolConfig(minSize: 1, maxSize: 1)) { rig in
            for round in 1...4 {
                try await wait(for: "spare \(round)") { rig.spawns.elements.count == round }
                try await rig.waitForSpares(1)
                try await rig.connectAll()
                for pid in try await rig.pids { #expect(kill(pid, SIGKILL) == 0) }
            }
            // Had they counted as failures in a row, the fourth pause alone would have been 0.8 s.
            let times = rig.spawns.elements
            #expect(times.count >= 4)
            #expect(rig.lines.elements.allSatisfy { $0.hasPrefix("warning: a spare ended: ") })
        }
    }

    @Test func aFailureToSpawnIsToldAndTriedAgain() async throws {
        try await with(PoolConfig(minSize: 2, maxSize: 2), failures: 2) { rig in
            try await rig.waitForSpares(2)
            #expect(rig.spawns.elements.count == 4)
            #expect(rig.lines.elements == Array(repeating: "error: a spare cannot be spawned: CannotSpawn()", count: 2))
        }
    }

    @Test func whoAsksWhenNothingCanBeSpawnedLearnsWhy() async throws {
        try await with(PoolConfig(minSize: 0, maxSize: 1), failures: 1) { rig in
            await #expect(throws: PoolRig.CannotSpawn.self) { try await rig.run { try $0.acquire().child.pid } }
        }
    }

    @Test func whatIsReleasedEnds() async throws {
        try await with(PoolConfig(minSize: 0, maxSize: 1)) { rig in
            try await rig.run { pool in pool.release(try pool.acquire()) }
            try await rig.waitForSpares(1)
            try await wait(for: "it to end") { try await rig.pids.count == 1 }
        }
    }

    @Test func aClosedPoolIsEmptyAndStaysSo() async throws {
        try await with(PoolConfig(minSize: 3, maxSize: 3)) { rig in
            try await rig.waitForSpares(3)
            try await rig.run { $0.close() }
            try await wait(for: "all to end") { try await rig.pids.isEmpty }
            #expect(rig.spawns.elements.count == 3)
            #expect(rig.lines.elements.isEmpty)
        }
    }
}
