import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct ProcessUsageTests {
    @Test func usageIsOfTheProcess() throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            let script =
                "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exec 5</dev/null 6</dev/null; echo; read x <&6"
            let child = try ChildProcess.spawn(
                shell("\(script); kill -STOP $$", output: .append(path: pipe.path))
            )
            defer { child.destroy() }
            _ = pipe.readLine()
            let usage = try #require(try ProcessUsage.read(child.fingerprint, [.peak, .descriptors, .privateMemory]))
            #expect(usage.cpuTime > .zero)
            #expect(usage.cpuTime == usage.userTime + usage.systemTime)
            #expect(usage.threads == 1)
            #expect(usage.openDescriptors == 5)
            #expect(usage.residentBytes > 100_000)
            #expect(try #require(usage.peakResidentBytes) >= usage.residentBytes / 2)
            #expect((1...usage.residentBytes).contains(try #require(usage.privateDirtyBytes)))
        }
    }

    @Test func onlyWhatWasAskedForIsRead() throws {
        let usage = try #require(try ProcessUsage.read(ProcessFingerprint.read(pid: getpid())))
        #expect(usage.peakResidentBytes == nil)
        #expect(usage.openDescriptors == nil)
        #expect(usage.privateDirtyBytes == nil)
        #expect(usage.threads > 1)
    }

    @Test func anotherLifeOfThePidHasNone() throws {
        let own = try ProcessFingerprint.read(pid: getpid())
        let later = ProcessFingerprint(pid: own.pid, startTime: own.startTime + 1, bootID: own.bootID)
        #expect(try ProcessUsage.read(later) == nil)
    }

    @Test func oneThatHasEndedHasNone() throws {
        let child = try ChildProcess.spawn(shell("exit 0"))
        try waitForExit(of: child.pidFileDescriptor)
        #expect(try ProcessUsage.read(child.fingerprint) == nil)
        _ = try child.reap()
        #expect(try ProcessUsage.read(child.fingerprint) == nil)
    }
}
