import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct StuckEvidenceTests {
    @Test func threadsAndWhereTheyWait() throws {
        let child = try ChildProcess.spawn(shell("exec sleep 1000"))
        defer { child.destroy() }
        try child.send(.stop)
        let text = try #require(StuckEvidence.read(child.fingerprint))
        #expect(text.hasPrefix("thread \(child.pid) "))
        #expect(text.contains(", in "))
        #expect(text.contains(", CPU ticks "))
    }

    @Test func nothingAboutOneThatHasEnded() throws {
        let child = try ChildProcess.spawn(shell("exit 0"))
        try waitForExit(of: child.pidFileDescriptor)
        #expect(StuckEvidence.read(child.fingerprint) == nil)
        _ = try child.reap()
    }

    @Test func manyThreadsAreCutShort() async {
        // In a process of its own, which ends its threads by ending.
        await #expect(processExitsWith: .success) {
            let ready = DispatchSemaphore(value: 0)
            for _ in 0..<40 {
                Thread {
                    ready.signal()
                    while true { pause() }
                }.start()
                ready.wait()
            }
            let text = try #require(StuckEvidence.read(ProcessFingerprint.read(pid: getpid())))
            #expect(text.split(separator: "\n").filter { $0.hasPrefix("thread ") }.count == 32)
            #expect(text.hasSuffix(" more threads"))
        }
    }

    @Test(.enabled(if: ExecutableSearch.find("gdb", in: "/usr/bin") != nil, "gdb is not installed"))
    func debuggerShowsTheProgramsFunctions() throws {
        try withTemporaryFolder { folder in
            let child = try ChildProcess.spawn(shell("exec sleep 1000"))
            defer { child.destroy() }
            let text = StuckEvidence.backtrace(
                child.fingerprint,
                searchPath: "/usr/bin:/bin",
                outputPath: folder + "/backtrace",
                limit: .seconds(60)
            )
            #expect(text?.contains("#0") == true)
            #expect(try child.reap() == nil)
        }
    }

    @Test func toolIsAskedAndItsOutputTaken() throws {
        #expect(try backtrace(by: "echo \"$1 $2\"") { "-p \($0)\n" })
    }

    @Test func toolThatFails() throws {
        #expect(try backtrace(by: "echo something; exit 1") { _ in nil })
    }

    @Test func toolThatHangsIsKilled() throws {
        #expect(try backtrace(by: "echo something; sleep 1000; echo", limit: .milliseconds(1)) { _ in nil })
    }

    @Test func noToolIsInstalled() throws {
        let own = try ProcessFingerprint.read(pid: getpid())
        #expect(StuckEvidence.backtrace(own, searchPath: "/nowhere", outputPath: "/nowhere/x") == nil)
    }

    /// Whether a tool that is this script gives that text about a process of a certain pid.
    private func backtrace(
        by script: String,
        limit: Duration = .seconds(60),
        is expected: (Int32) -> String?
    ) throws -> Bool {
        try withTemporaryFolder { folder in
            try writeProgram("#!/bin/sh\nPATH=/usr/bin:/bin\n\(script)\n", to: folder + "/eu-stack")
            let own = try ProcessFingerprint.read(pid: getpid())
            let text = StuckEvidence.backtrace(
                own,
                searchPath: folder,
                outputPath: folder + "/backtrace",
                limit: limit
            )
            return text == expected(own.pid)
        }
    }
}
