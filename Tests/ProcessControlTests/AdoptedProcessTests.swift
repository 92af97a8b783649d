import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct AdoptedProcessTests {
    private let token = UUID().uuidString

    /// Lends a process that is not our child, leads a session and has one child of its own.
    private func withStranger(_ body: (Descendant, Descendant) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            let script = "(setsid sh -c 'sleep 1000 & echo $$; echo $!; wait' &)"
            let parent = try ChildProcess.spawn(worker(script, token: token, output: .append(path: pipe.path)))
            defer { parent.destroy() }
            let stranger = try Descendant(pid: pipe.readLine())
            defer { stranger.destroy() }
            let itsChild = try Descendant(pid: pipe.readLine())
            defer { itsChild.destroy() }
            #expect(try parent.finish().status.isSuccess)
            try body(stranger, itsChild)
        }
    }

    private func failure(_ fingerprint: ProcessFingerprint, _ token: String) -> ProcessControlError? {
        #expect(throws: ProcessControlError.self) { try AdoptedProcess.adopt(fingerprint, token: token) }
    }

    @Test func strangerIsAdoptedSignalledAndItsEndSeen() throws {
        try withStranger { stranger, _ in
            let process = try AdoptedProcess.adopt(stranger.fingerprint, token: token)
            #expect(process.pid == stranger.fingerprint.pid)
            #expect(try process.end() == nil)
            try process.send(.kill)
            try waitForExit(of: process.pidFileDescriptor)
            let exit = try #require(try process.end())
            #expect(exit.usage == nil)
            #expect(
                exit.status == .signaled(.kill, coreDumped: false) || (!hasKernel(6, 15) && exit.status == .unknown)
            )
            #expect(try process.end() == exit)
            // Harmless.
            try process.send(.kill)
        }
    }

    @Test func signalToTheGroupReachesItsChildren() throws {
        try withStranger { stranger, itsChild in
            let process = try AdoptedProcess.adopt(stranger.fingerprint, token: token)
            try process.signalGroup(.term)
            try stranger.waitForExit()
            try itsChild.waitForExit()
            try process.signalGroup(.term)
        }
    }

    @Test func oneThatLeadsNoGroupGetsTheSignalAlone() throws {
        try withStranger { stranger, itsChild in
            let process = try AdoptedProcess.adopt(itsChild.fingerprint, token: token)
            try process.signalGroup(.kill)
            try itsChild.waitForExit()
        }
    }

    @Test func statusOfAZombieAndOfOneThatWasCollected() throws {
        try withTemporaryFolder { folder in
            let gate = try OutputPipe(in: folder)
            defer { gate.close() }
            let child = try ChildProcess.spawn(worker("read line < \(gate.path); exit 7", token: token))
            defer { child.destroy() }
            let first = try AdoptedProcess.adopt(child.fingerprint, token: token)
            let second = try AdoptedProcess.adopt(child.fingerprint, token: token)
            #expect(try first.end() == nil)
            gate.writeLine()
            try waitForExit(of: first.pidFileDescriptor)
            #expect(try first.end()?.status == .exited(code: 7))
            #expect(try child.finish().status == .exited(code: 7))
            #expect(try second.end()?.status == (hasKernel(6, 15) ? .exited(code: 7) : .unknown))
        }
    }

    @Test func everyMismatchIsRefused() throws {
        let child = try ChildProcess.spawn(worker("exec sleep 1000", token: token))
        defer { child.destroy() }
        let own = child.fingerprint
        let earlier = ProcessFingerprint(pid: own.pid, startTime: own.startTime - 1, bootID: own.bootID)
        let otherBoot = ProcessFingerprint(pid: own.pid, startTime: own.startTime, bootID: UUID().uuidString)
        #expect(failure(earlier, token)?.code == .identityMismatch)
        #expect(failure(earlier, token)?.message.contains("belongs to another process") == true)
        #expect(failure(otherBoot, token)?.code == .identityMismatch)
        #expect(failure(own, UUID().uuidString)?.code == .identityMismatch)
        #expect(failure(own, "")?.message.contains("token") == true)
        #expect(failure(own, String(token.dropLast()))?.code == .identityMismatch)
        #expect(try AdoptedProcess.adopt(own, token: token).end() == nil)
    }

    @Test func oneThatHasEndedIsRefused() throws {
        let child = try ChildProcess.spawn(worker("exit 0", token: token))
        try waitForExit(of: child.pidFileDescriptor)
        #expect(failure(child.fingerprint, token)?.code == .noSuchProcess)
        _ = try child.reap()
        #expect(failure(child.fingerprint, token)?.code == .noSuchProcess)
    }

    @Test func childAndAdoptedAreUsedAlike() throws {
        let child = try ChildProcess.spawn(worker("exec sleep 1000", token: token))
        defer { child.destroy() }
        let processes: [any SupervisedProcess] = [child, try AdoptedProcess.adopt(child.fingerprint, token: token)]
        for process in processes {
            #expect(process.fingerprint == child.fingerprint)
            #expect(try process.end() == nil)
        }
        try processes[1].signalGroup(.term)
        try waitForExit(of: processes[1].pidFileDescriptor)
        #expect(try processes[1].end()?.status == .signaled(.term, coreDumped: false))
        #expect(try processes[0].end()?.status == .signaled(.term, coreDumped: false))
        processes[1].abandon()
    }
}
