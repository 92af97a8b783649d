import Foundation
import Testing
import WireProtocol

@testable import ManagerCore

/// The manager inside a program, with real strategies in real processes.
@Suite struct WorkerManagerTests {
    @Test func aStrategyRunsGetsDataAndStops() async throws {
        try await ManagerRig.run { rig in try await useAndStop(rig, rig.manager) }
    }

    private func useAndStop(_ rig: ManagerRig, _ manager: WorkerManager) async throws {
        let config = StrategyConfig(symbols: ["A"], params: ["factor": 2.0])
        let id = try await manager.startStrategy(path: try rig.echo(), config: config)
        #expect(id == "echo")
        #expect(await manager.workerIDs == ["echo"])
        #expect(await manager.state(of: "echo") == .running)
        #expect(await manager.state(of: "nobody") == nil)
        try await rig.publish(1...20)
        try await wait(for: "20 signals") { rig.signals == 20 }
        let signals = try rig.column("SELECT sequence || ' ' || price FROM emitted_signals ORDER BY seq")
        #expect(signals == (1...20).map { "\($0) \(Double($0 * 2))" })

        try await manager.stopWorker("echo")
        #expect(await manager.state(of: "echo") == .stopped)
        #expect(try rig.states(of: "echo").suffix(2) == ["stopping", "stopped"])
        let missing = await #expect(throws: ManagerError.self) { try await manager.stopWorker("nobody") }
        #expect(missing?.code == .workerNotFound)

        let summary = try #require(await manager.stop())
        #expect(summary.workers == 1)
        #expect(summary.restarts == 0)
        #expect(summary.published == 20)
        #expect(summary.refused == 0)
        #expect(summary.lostEntries == 0)
        #expect(!rig.folder.exists("run/endpoints.json"))
        #expect(try Processes.using(rig.folder.path).isEmpty)
        #expect(
            try rig.column("SELECT cause FROM events WHERE kind = 'manager' ORDER BY seq") == [
                "manager started", "manager stopping", "manager stopped",
            ]
        )
    }

    @Test func aManagerThatDoesNotRunSaysSo() async throws {
        let rig = try ManagerRig(ManagerRig.settings(spares: 0))
        let path = try rig.echo()
        for _ in 0..<2 {
            await #expect(throws: ManagerError.self) { try await rig.manager.startStrategy(path: path) }
            await #expect(throws: ManagerError.self) { try await rig.publish([1]) }
            await #expect(throws: ManagerError.self) { try await rig.manager.stopWorker("echo") }
            #expect(await rig.manager.stop() == nil)
            #expect(await rig.manager.workerIDs == [])
            try await rig.manager.start()
            let twice = await #expect(throws: ManagerError.self) { try await rig.manager.start() }
            #expect(twice?.code == .conflict)
            #expect(await rig.manager.stop() != nil)
        }
    }

    @Test func itStartsAgainOnTheSameFoldersAndCountsOn() async throws {
        var settings = ManagerRig.settings()
        // Short, so that what a manager leaves behind on its loop would come to light with the next one.
        settings.supervisor.health.heartbeatTimeout = .milliseconds(500)
        let rig = try ManagerRig(settings)
        let path = try rig.echo()
        for round in 1...3 {
            try await rig.manager.start()
            do {
                try await rig.manager.startStrategy(path: path, config: StrategyConfig(symbols: ["A"]))
                try await rig.publish([1, 2, 3])
                try await wait(for: "the signals of round \(round)") { rig.signals == round * 3 }
            } catch {
                Issue.record(error)
            }
            await rig.manager.stop()
        }
        #expect(try rig.column("SELECT sequence FROM emitted_signals ORDER BY seq") == (1...9).map(String.init))
        #expect(
            try rig.column(
                "SELECT DISTINCT generation FROM events WHERE worker_id = 'echo' AND kind = 'transition' ORDER BY generation"
            )
                == ["1", "2", "3"]
        )
        // Compiled once for all of them.
        #expect(try rig.folder.names(in: "data/compiled").count == 1)
    }

    @Test func oneThatNobodyHoldsRunsOnUntilItIsStopped() async throws {
        let folder = try TemporaryFolder()
        weak var manager: WorkerManager?
        do {
            let rig = try ManagerRig(in: folder, ManagerRig.settings(spares: 1))
            try await rig.manager.start()
            manager = rig.manager
        }
        do {
            let manager = try #require(manager)
            // Both loops still poll their sockets.
            let bar: JSONValue = ["open": 1, "high": 1, "low": 1, "close": 1, "volume": 1]
            #expect(try await manager.publishMarketData(symbol: "A", dataType: "kline", data: bar) == 1)
            #expect(await manager.stop() != nil)
        }
        try await wait(for: "the manager to go") { manager == nil }
        #expect(try Processes.using(folder.path).isEmpty)
    }

    @Test func twoManagersCannotShareFolders() async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            let second = try ManagerRig(in: rig.folder, ManagerRig.settings(spares: 0))
            let error = await #expect(throws: ManagerError.self) { try await second.manager.start() }
            #expect(error?.code == .conflict)
            #expect(error?.description.hasPrefix("another manager (process \(getpid())) runs on ") == true)
            #expect(rig.folder.exists("run/endpoints.json"))
        }
    }

    // MARK: Names and limits

    @Test func workersGetNamesOfTheirOwn() async throws {
        var settings = ManagerRig.settings()
        settings.manager.maxWorkers = 3
        try await ManagerRig.run(settings) { rig in
            let path = try rig.echo("my strategy!")
            let ids = [
                try await rig.manager.startStrategy(path: path), try await rig.manager.startStrategy(path: path),
                try await rig.manager.startStrategy(path: path, config: StrategyConfig(name: "own.name")),
            ]
            #expect(ids == ["my-strategy-", "my-strategy--2", "own.name"])
            let full = await #expect(throws: ManagerError.self) { try await rig.manager.startStrategy(path: path) }
            #expect(full?.code == .conflict)
            #expect(full?.description == "3 workers run already; 'manager.max_workers' allows no more")

            try await rig.manager.stopWorker("own.name")
            let taken = await #expect(throws: ManagerError.self) {
                try await rig.manager.startStrategy(path: path, config: StrategyConfig(name: "my-strategy-"))
            }
            #expect(taken?.code == .conflict)
            let bad = await #expect(throws: ManagerError.self) {
                try await rig.manager.startStrategy(path: path, config: StrategyConfig(name: "../x"))
            }
            #expect(bad?.code == .invalidWorkerConfig)
            // The name of a stopped worker is free again.
            #expect(
                try await rig.manager.startStrategy(path: path, config: StrategyConfig(name: "own.name")) == "own.name"
            )
            #expect(await rig.manager.workerIDs == ["my-strategy-", "my-strategy--2", "own.name"])
        }
    }

    // MARK: What fails

    @Test func aStrategyThatCannotStartSaysWhy() async throws {
        try await ManagerRig.run { rig in
            let bad = try rig.folder.write("let x: Int = \"\"\n", to: "bad.swift")
            let uncompiled = await #expect(throws: ManagerError.self) { try await rig.manager.startStrategy(path: bad) }
            #expect(uncompiled?.code == .invalidWorkerConfig)
            #expect(uncompiled?.description.contains("\(bad):1:14: error: ") == true)
            #expect(await rig.manager.workerIDs == [])

            let refusing = try rig.echo("refusing", onStart: "throw StrategyError(\"not today\")")
            let refused = await #expect(throws: ManagerError.self) {
                try await rig.manager.startStrategy(path: refusing)
            }
            #expect(refused?.code == .workerStart)
            #expect(refused?.description.contains("not today") == true)
            #expect(await rig.manager.state(of: "refusing") == .error)

            let unknown = await #expect(throws: ManagerError.self) {
                try await rig.manager.startStrategy(path: try rig.echo(), config: StrategyConfig(params: ["facto": 1]))
            }
            #expect(unknown?.description.contains("'factor'") == true, "\(unknown?.description ?? "")")
        }
    }

    @Test func aStartThatFailsLeavesNothingAndCanBeTriedAgain() async throws {
        let rig = try ManagerRig(ManagerRig.settings(spares: 2))
        // Where the addresses are to be announced there is a folder.
        _ = try rig.folder.makeFolder("run/endpoints.json")
        let error = await #expect(throws: ManagerError.self) { try await rig.manager.start() }
        #expect(error?.description.hasPrefix("cannot write \(rig.folder.path)/run/endpoints.json") == true)
        #expect(try Processes.using(rig.folder.path).isEmpty)
        try rig.folder.remove("run/endpoints.json")
        try await rig.manager.start()
        #expect(rig.folder.exists("run/endpoints.json"))
        await rig.manager.stop()
    }

    @Test func aFeedThatCannotBeReadFailsTheStartAndLeavesNothing() async throws {
        var settings = ManagerRig.settings()
        settings.feeds = [.csv(Settings.CSVFeed(path: "/no/such.csv", symbol: "A"))]
        let rig = try ManagerRig(settings)
        let error = await #expect(throws: (any Error).self) { try await rig.manager.start() }
        #expect("\(String(describing: error))".contains("/no/such.csv"))
        #expect(try Processes.using(rig.folder.path).isEmpty)
        #expect(await rig.manager.stop() == nil)
    }

    @Test func aStopWhileAStrategyCompilesEndsTheCompilerToo() async throws {
        var settings = ManagerRig.settings(spares: 0)
        let folder = try TemporaryFolder()
        settings.manager.swiftc = try folder.script(#"echo $$ >> "${0%/*}/pids"; exec sleep 1000"#, as: "swiftc")
        let rig = try ManagerRig(in: folder, settings)
        try await rig.manager.start()
        let paths = try (0..<3).map { try rig.echo("s\($0)", onStart: "_ = \($0)") }
        await withTaskGroup(of: ManagerError?.self) { group in
            for path in paths {
                group.addTask {
                    await #expect(throws: ManagerError.self) { try await rig.manager.startStrategy(path: path) }
                }
            }
            group.addTask {
                await #expect(throws: Never.self) {
                    try await wait(for: "two compilers to run") {
                        (try? folder.text(of: "pids"))?.split(separator: "\n").count == 2
                    }
                }
                await rig.manager.stop()
                return nil
            }
            for await error in group { #expect(error?.code ?? .serviceUnavailable == .serviceUnavailable) }
        }
        for pid in try folder.text(of: "pids").split(separator: "\n").compactMap({ Int32($0) }) {
            #expect(kill(pid, 0) == -1)
        }
    }
}

/// Processes, by what their environment says.
enum Processes {
    static func using(_ text: String) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { pid in
            let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
            return pid != getpid() && environment.range(of: Data(text.utf8)) != nil
        }
    }
}
