import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

/// Many workers under one supervisor.
@Suite struct FleetTests {
    private static let killed = ExitStatus.signaled(.kill, coreDumped: false)

    private static func running(
        _ count: Int,
        _ configuration: WorkerLife.Configuration = WorkerLife.Configuration(),
        breaker: StormBreaker.Configuration = StormBreaker.Configuration()
    ) -> Fleet {
        let fleet = Fleet(count, configuration, breaker: breaker)
        for id in fleet.ids { fleet.feed(.start(.operator), to: id) }
        // 20 a second.
        fleet.pass(.seconds(count / 20 + 5))
        #expect(fleet.all(.running).count == count)
        return fleet
    }

    /// Whether no stretch of time has more acquisitions than the bucket gives.
    private static func keepsRate(_ fleet: Fleet, rate: Double = 20, burst: Int = 20) -> Bool {
        let times = fleet.acquisitions.map(\.at)
        return times.indices.allSatisfy { first in
            times[first...].indices.prefix(100).allSatisfy { last in
                let seconds = (times[last] - times[first]) / .seconds(1)
                return Double(last - first + 1) <= Double(burst) + rate * seconds + 1e-6
            }
        }
    }

    @Test func fiftyKilledAtOnceAllComeBackAndOneReportSaysSo() {
        let fleet = Self.running(50)
        let before = fleet.acquisitions.count
        for id in fleet.ids { fleet.end(id, Self.killed) }
        #expect(fleet.storms.map(\.cause) == [.signal])
        #expect(fleet.storms.first?.workerIDs.count == 5)
        fleet.pass(.milliseconds(4999))
        // The one that fell first, when nobody could know of more, is back already.
        #expect(fleet.all(.running).count == 1)
        #expect(fleet.all(.recovering).count == 49)
        fleet.pass(.milliseconds(1))
        // Then they come as the bucket lets them.
        #expect(fleet.acquisitions.count == before + 21)
        fleet.pass(.seconds(2))
        #expect(fleet.all(.running).count == 50)
        #expect(fleet.acquisitions.count == before + 50)
        #expect(fleet.storms.count == 1)
        #expect(Self.keepsRate(fleet))
        #expect(fleet.violations.isEmpty)
        // One restart each, not one for each time they had to wait.
        for id in fleet.ids { #expect(fleet.supervisor.life(of: id)?.restarts == 1) }
    }

    @Test func aCauseThatStaysMakesOneReportForEachWaveUntilTheBudgetsAreSpent() {
        let fleet = Self.running(50)
        for _ in 0..<400 {
            for id in fleet.all(.running) { fleet.end(id, Self.killed) }
            fleet.pass(.milliseconds(500))
        }
        #expect(fleet.all(.error).count == 50)
        #expect(fleet.acquisitions.count == 50 + 150)
        #expect(1...10 ~= fleet.storms.count)
        #expect(Self.keepsRate(fleet))
        #expect(fleet.violations.isEmpty)
    }

    @Test func aPersonIsNotPausedByAStorm() {
        let fleet = Self.running(10, breaker: StormBreaker.Configuration(spawnsPerSecond: 1000, burst: 1000))
        // All but two die; of those the first is replaced before it is a storm, in which the rest wait.
        for id in fleet.ids.prefix(8) { fleet.end(id, Self.killed) }
        fleet.pass(.milliseconds(100))
        #expect(fleet.all(.running).count == 3)
        fleet.feed(.restart(.operator), to: "w5")
        fleet.feed(.restart(.operator), to: "w9")
        fleet.pass(.milliseconds(100))
        #expect(fleet.supervisor.state(of: "w5") == .running)
        #expect(fleet.supervisor.state(of: "w9") == .running)
        #expect(fleet.all(.recovering) == ["w1", "w2", "w3", "w4", "w6", "w7"])
        #expect(fleet.violations.isEmpty)
    }

    @Test func aWorkerThatIsStoppedWhileItWaitsIsNotStartedLater() {
        let fleet = Self.running(10)
        for id in fleet.ids { fleet.end(id, Self.killed) }
        let waiting = fleet.all(.recovering)
        #expect(!waiting.isEmpty)
        for id in waiting { #expect((fleet.supervisor.life(of: id)?.heldUntil).map { $0 > fleet.now } ?? false) }
        let before = fleet.acquisitions.count
        for id in waiting { fleet.feed(.stop(.operator), to: id) }
        fleet.supervisor.unregister("w0")
        fleet.pass(.seconds(60))
        #expect(fleet.all(.stopped) == waiting)
        #expect(fleet.acquisitions.count == before)
    }

    @Test func whoWaitsForTheBucketHasItsWholeTimeToStart() {
        // 800 at 20 a second take 39 s, more than each may take to start.
        let fleet = Self.running(800)
        #expect(!fleet.transitions.contains { $0.change.to == .error })
        #expect(Self.keepsRate(fleet))
    }

    @Test func aManagerThatStoodStillCondemnsNobody() {
        let fleet = Self.running(20)
        fleet.freezeManager(.seconds(100))
        fleet.pass(.seconds(100))
        #expect(fleet.all(.running).count == 20)
        #expect(!fleet.transitions.contains { $0.change.to == .error })
    }

    /// What was sent meanwhile is still in the sockets of a manager that goes on: it takes a moment until it is read.
    @Test(arguments: [1, 100, 500, 999, 1001, 60_000])
    func aManagerThatStoodStillBlamesNobody(_ milliseconds: Int) {
        let fleet = Self.running(10)
        let timeout = HealthCheckConfig().heartbeatTimeout
        for _ in 0..<5 {
            fleet.freezeManager(timeout + .milliseconds(milliseconds), silence: WorkerSupervisor.hearing / 2)
            fleet.pass(.seconds(3))
        }
        #expect(fleet.all(.running).count == 10)
        #expect(fleet.acquisitions.count == 10)
        #expect(fleet.violations.isEmpty)
    }

    @Test func whoIsSilentIsFoundAllTheSame() {
        let fleet = Self.running(2)
        fleet.change("w0") { $0.isFrozen = true }
        fleet.pass(HealthCheckConfig().heartbeatTimeout + WorkerSupervisor.hearing + .seconds(5))
        #expect(fleet.supervisor.life(of: "w0")?.generation == 2)
        #expect(fleet.supervisor.life(of: "w1")?.generation == 1)
    }

    /// Everything at once, for hours: deaths, hangs, refusals, a manager that stands still, and people.
    @Test(arguments: 0..<6)
    func chaosLosesNobody(_ seed: Int) {
        let health = HealthCheckConfig(frozenAction: seed % 3 == 2 ? .log : .restart)
        let policy = RestartPolicy(mode: seed % 2 == 0 ? .always : .onFailure, maxRestarts: 20, backoffMax: .seconds(5))
        let configuration = WorkerLife.Configuration(restartPolicy: policy, health: health)
        let fleet = Fleet(20, seed: UInt64(seed), configuration)
        fleet.spawnFailures = 5
        for id in fleet.ids { fleet.feed(.start(.operator), to: id) }
        for _ in 0..<2000 {
            fleet.pass(.milliseconds(Int.random(in: 0..<2000, using: &fleet.random)))
            disturb(fleet)
        }
        // Peace: what hangs for good is killed, who has given up is restarted, who was stopped started.
        fleet.spawnFailures = 0
        for id in fleet.ids where fleet.processes[id]?.isFrozen ?? false { fleet.end(id, Self.killed) }
        for id in fleet.ids { fleet.feed(.resume(.operator), to: id) }
        for _ in 0..<3 {
            fleet.pass(.seconds(200))
            for id in fleet.all(.error) + fleet.all(.stopped) { fleet.feed(.restart(.operator), to: id) }
        }
        fleet.pass(.seconds(200))
        let counts = Dictionary(grouping: fleet.ids) { fleet.supervisor.state(of: $0)?.rawValue ?? "none" }
        #expect(fleet.all(.running).count == 20, "\(counts)")
        #expect(fleet.processes.count == 20)
        #expect(fleet.violations.isEmpty, "\(fleet.violations.prefix(3))")
        #expect(Self.keepsRate(fleet))
        let failures = Set(fleet.transitions.compactMap(\.change.failure))
        #expect(failures.isSuperset(of: [.exitCode, .signal, .stuck, .spawn, .reported]), "\(failures)")
        #expect(fleet.eventCount > 20_000)
    }

    private func disturb(_ fleet: Fleet) {
        guard let id = fleet.ids.randomElement(using: &fleet.random) else { return }
        let isRunning = fleet.processes[id]?.isRunning ?? false
        switch Int.random(in: 0..<24, using: &fleet.random) {
        case 0, 1, 2: fleet.end(id, Self.killed)
        case 3: fleet.end(id, .exited(code: 1))
        case 4: fleet.end(id, .exited(code: 0))
        case 5 where Int.random(in: 0..<5, using: &fleet.random) == 0: fleet.end(id, .exited(code: 125))
        case 6: fleet.change(id) { $0.isFrozen = true }
        case 7: fleet.change(id) { $0.stuckSince = isRunning ? fleet.now : nil }
        case 8: if isRunning { fleet.feed(.failed("too many errors"), to: id) }
        case 9: fleet.feed(.stop(.operator), to: id)
        case 10, 11, 12: fleet.feed(.start(.operator), to: id)
        case 13, 14: fleet.feed(.restart(.operator), to: id)
        case 15: fleet.feed(.pause(.operator), to: id)
        case 16, 17: fleet.feed(.resume(.operator), to: id)
        case 18 where Int.random(in: 0..<10, using: &fleet.random) == 0: fleet.freezeManager(.seconds(40))
        case 19 where Int.random(in: 0..<10, using: &fleet.random) == 0:
            for id in fleet.ids { fleet.end(id, Self.killed) }
        default: break
        }
    }
}
