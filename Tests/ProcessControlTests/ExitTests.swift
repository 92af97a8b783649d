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
        let busy = try ChildProcess.spawn(shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")).finish().usage
        let idle = try ChildProcess.spawn(shell("exit 0")).finish().usage
        #expect(busy.userTime + busy.systemTime > idle.userTime + idle.systemTime)
        #expect(idle.peakResidentBytes > 100_000)
    }

    @Test func statusFromTheKernelsNumbers() {
        #expect(ExitStatus(code: Int32(CLD_EXITED), status: 7) == .exited(code: 7))
        #expect(ExitStatus(code: Int32(CLD_KILLED), status: 9) == .signaled(.kill, coreDumped: false))
        #expect(ExitStatus(code: Int32(CLD_DUMPED), status: 11) == .signaled(.segv, coreDumped: true))
    }

    @Test func statusForPeople() {
        #expect(ExitStatus.exited(code: 3).description == "exit code 3")
        #expect(ExitStatus.signaled(.kill, coreDumped: false).description == "SIGKILL")
        #expect(ExitStatus.signaled(.segv, coreDumped: true).description == "SIGSEGV, core dumped")
    }
}
