import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

/// What the real worker does on SIGUSR1 and SIGHUP.
@Suite(.timeLimit(.minutes(2)))
struct SignalTests {
    @Test func sigusr1TellsWhereAnEndlessLoopIs() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), params: ["mode": "spin"])
        try manager.publishBar(1)
        _ = try manager.nextHeartbeat { $0["callback"] == "onBar" }
        for count in 1...2 {
            kill(manager.process.processIdentifier, SIGUSR1)
            try manager.awaitLogLine("--- end ---\n", count: count)
        }
        let lines = manager.logText.split(separator: "\n").drop { !$0.hasPrefix("--- ") }
        let title = try #require(lines.first)
        #expect(title.wholeMatch(of: /--- backtrace of w generation 3: onBar for \d+\.\d s ---/) != nil)
        let innermost = try #require(lines.dropFirst().first)
        #expect(innermost.hasPrefix(" 0  Probe.Probe.(spin in "))
        #expect(innermost.hasSuffix(" (libProbeForTests.so)"))
        #expect(lines.contains { $0.contains("WorkerRuntime.Worker.run() throws -> Swift.Int32") })
        // The heart beats on.
        #expect(try manager.nextHeartbeat { _ in true }.payload["status"] == "running")
    }

    @Test func sigusr1ChangesNothingForAnIdleStrategy() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get())
        kill(manager.process.processIdentifier, SIGUSR1)
        try manager.awaitLogLine("--- backtrace of w generation 3: no callback ---\n")
        try manager.awaitLogLine("--- end ---\n")
        try manager.publishBar(1)
        #expect(try manager.nextOnStatus().payload["signal_id"] == "w:BTC.kline:1:1")
    }

    @Test func noLineIsLostOrSplitWhenTheLogIsRotated() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), params: ["mode": "chatter"])
        var expected: [String] = []
        var old: [String] = []
        for rotation in 1...6 {
            for _ in 0..<500 {
                expected.append("bar \(expected.count + 1)")
                try manager.publishBar(UInt64(expected.count))
            }
            old.append("\(manager.logPath).\(rotation)")
            try FileManager.default.moveItem(atPath: manager.logPath, toPath: old[rotation - 1])
            // The last one is found without being told.
            if rotation < 6 { kill(manager.process.processIdentifier, SIGHUP) }
            try manager.awaitLog()
        }
        #expect(try manager.ask(.stop)["result"] == "done")
        #expect(manager.exitCode() == 0)
        let texts = try (old + [manager.logPath]).map { try String(contentsOfFile: $0, encoding: .utf8) }
        #expect(texts.allSatisfy { $0.isEmpty || $0.hasSuffix("\n") })
        #expect(texts.joined().split(separator: "\n").filter { $0.hasPrefix("bar") }.map(String.init) == expected)
    }

    @Test func aLogThatCannotBeReplacedIsGoneOnWith() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), params: ["mode": "chatter"])
        let moved = manager.folder.appending(path: "moved.log").path
        try FileManager.default.moveItem(atPath: manager.logPath, toPath: moved)
        try FileManager.default.createDirectory(atPath: manager.logPath, withIntermediateDirectories: false)
        kill(manager.process.processIdentifier, SIGHUP)
        try manager.awaitLine("cannot write the log \(manager.logPath): Is a directory", in: moved)
        try manager.publishBar(1)
        try manager.awaitLine("bar 1\n", in: moved)
    }
}
