import Glibc
import Testing

@testable import ProcessControl

struct ExitTests {
    @Test(arguments: [0, 3, 255])
    func exitCode(code: Int32) throws {
        let exit = try ChildProcess.spawn(shell("exit \(code)")).finish()
        #expect(exit.status == .exited(code: code))
        #expect(exit.status.isSuccess == (code == 0))
    }

    @Test(arguments: [Signal.term, .kill, .hup, .usr1])
    func signal(signal: Signal) throws {
        let child = try ChildProcess.spawn(
            SpawnRequest(executable: "/bin/sleep", arguments: ["1000"], output: .discard)
        )
        defer { child.destroy() }
        #expect(try child.reap() == nil)
        try child.send(signal)
        let exit = try child.finish()
        #expect(exit.status == .signaled(signal, coreDumped: false))
        #expect(!exit.status.isSuccess)
    }

    @Test func resourceUsageIsOfTheChild() throws {
        let loop = shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
        let busy = try #require(try ChildProcess.spawn(loop).finish().usage)
        let idle = try #require(try ChildProcess.spawn(shell("exit 0")).finish().usage)
        #expect(busy.userTime + busy.systemTime > idle.userTime + idle.systemTime)
        #expect(idle.peakResidentBytes > 100_000)
    }

    @Test func statusFromTheKernelsNumbers() {
        #expect(ProcessControl.ExitStatus(code: Int32(CLD_EXITED), status: 7) == .exited(code: 7))
        #expect(ProcessControl.ExitStatus(code: Int32(CLD_KILLED), status: 9) == .signaled(.kill, coreDumped: false))
        #expect(ProcessControl.ExitStatus(code: Int32(CLD_DUMPED), status: 11) == .signaled(.segv, coreDumped: true))
    }

    @Test(
        arguments: [
            (0x0700, ExitStatus.exited(code: 7)), (0, .exited(code: 0)), (9, .signaled(.kill, coreDumped: false)),
            (0x8B, .signaled(.segv, coreDumped: true)),
        ] as [(Int32, ProcessControl.ExitStatus)]
    )
    func statusFromTheNumberOfWait(number: Int32, status: ProcessControl.ExitStatus) {
        #expect(ProcessControl.ExitStatus(waitStatus: number) == status)
    }

    @Test func statusForPeople() {
        #expect(ProcessControl.ExitStatus.unknown.description == "an unknown exit status")
        #expect(!ExitStatus.unknown.isSuccess)
        #expect(ProcessControl.ExitStatus.exited(code: 3).description == "exit code 3")
        #expect(ProcessControl.ExitStatus.signaled(.kill, coreDumped: false).description == "SIGKILL")
        #expect(ProcessControl.ExitStatus.signaled(.segv, coreDumped: true).description == "SIGSEGV, core dumped")
    }
}
