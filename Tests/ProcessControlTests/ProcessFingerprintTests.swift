import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct ProcessFingerprintTests {
    @Test func readTwiceIsTheSame() throws {
        let fingerprint = try ProcessFingerprint.read(pid: getpid())
        #expect(try ProcessFingerprint.read(pid: getpid()) == fingerprint)
        #expect(fingerprint.pid == getpid())
        #expect(fingerprint.bootID.count == 36)
        #expect(try fingerprint.isAlive())
    }

    @Test func anotherLifeOfThePidIsNotIt() throws {
        let own = try ProcessFingerprint.read(pid: getpid())
        let later = ProcessFingerprint(pid: own.pid, startTime: own.startTime + 1, bootID: own.bootID)
        let otherBoot = ProcessFingerprint(pid: own.pid, startTime: own.startTime, bootID: UUID().uuidString)
        #expect(try !later.isAlive())
        #expect(try !otherBoot.isAlive())
    }

    @Test func deadWhenItHasExitedAndWhenItHasBeenReaped() throws {
        let child = try ChildProcess.spawn(shell("exec sleep 1000"))
        defer { child.destroy() }
        #expect(try child.fingerprint.isAlive())
        try child.send(.kill)
        try waitForExit(of: child.pidFileDescriptor)
        #expect(try !child.fingerprint.isAlive())
        _ = try child.reap()
        #expect(try !child.fingerprint.isAlive())
    }

    @Test func noSuchProcess() {
        let error = #expect(throws: ProcessControlError.self) { try ProcessFingerprint.read(pid: Int32.max) }
        #expect(error?.code == .noSuchProcess)
        #expect(error?.message == "cannot look at process 2147483647: No such process")
    }

    @Test func survivesStorage() throws {
        let fingerprint = try ProcessFingerprint.read(pid: getpid())
        let data = try JSONEncoder().encode(fingerprint)
        #expect(try JSONDecoder().decode(ProcessFingerprint.self, from: data) == fingerprint)
    }

    @Test func programNameMayLookLikeFields() throws {
        try withTemporaryFolder { folder in
            let program = folder + "/a) Z 1 (b"
            try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: program)
            let child = try ChildProcess.spawn(SpawnRequest(executable: program, arguments: ["1000"], output: .discard))
            defer { child.destroy() }
            #expect(try text(of: "/proc/\(child.pid)/comm") == "a) Z 1 (b\n")
            #expect(try child.fingerprint.isAlive())
        }
    }

    @Test func parsing() {
        let tail = " 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 2 3"
        func parse(_ text: String) -> ProcessStat? { ProcessStat(parsing: Array(text.utf8)[...]) }
        #expect(parse("7 (sh) S\(tail)")?.startTime == 4711)
        #expect(parse("7 (sh) S\(tail)")?.isDead == false)
        #expect(parse("7 (sh) Z\(tail)")?.isDead == true)
        #expect(parse("7 (a ) Z (b)) R\(tail)")?.isDead == false)
        for text in ["", "7 (sh", "7 (sh)", "7 (sh) S 1 7", "7 (sh) S 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 soon 2"] {
            #expect(parse(text) == nil)
        }
    }
}
