import CLinux
import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct ProcessLimitsTests {
    private func failure(_ pid: Int32, _ change: (inout ProcessLimits) -> Void) -> ProcessControlError? {
        var limits = ProcessLimits()
        change(&limits)
        return #expect(throws: ProcessControlError.self) { try limits.apply(to: pid) }
    }

    @Test func limitsAreWhatTheKernelSays() throws {
        let child = try ChildProcess.spawn(shell("exec sleep 1000"))
        defer { child.destroy() }
        var limits = ProcessLimits()
        limits.memoryBytes = 300 << 20
        limits.addressSpaceBytes = 2 << 30
        limits.cpuSeconds = 60
        limits.openFiles = 64
        limits.coreBytes = 0
        limits.nice = 7
        limits.cpuAffinity = [0]
        try limits.apply(to: child.pid)
        let table = try text(of: "/proc/\(child.pid)/limits").split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
        }
        for line in [
            "Max data size 314572800 314572800 bytes", "Max address space 2147483648 2147483648 bytes",
            "Max cpu time 60 65 seconds", "Max open files 64 64 files", "Max core file size 0 0 bytes",
        ] {
            #expect(table.contains(line))
        }
        #expect(getpriority(Int32(PRIO_PROCESS.rawValue), id_t(child.pid)) == 7)
        #expect(try text(of: "/proc/\(child.pid)/status").contains("Cpus_allowed_list:\t0\n"))
    }

    @Test func nothingIsLimitedUnasked() throws {
        let child = try ChildProcess.spawn(shell("exec sleep 1000"))
        defer { child.destroy() }
        let before = try text(of: "/proc/\(child.pid)/limits")
        try ProcessLimits().apply(to: child.pid)
        #expect(try text(of: "/proc/\(child.pid)/limits") == before)
    }

    @Test func whatCannotBeAppliedIsNamed() throws {
        let child = try ChildProcess.spawn(shell("exec sleep 1000"))
        defer { child.destroy() }
        let pid = child.pid
        let files = failure(pid) { $0.openFiles = 1 << 40 }
        #expect(files?.code == .limitNotApplied)
        #expect(files?.message.hasPrefix("cannot limit open files to 1099511627776 of process \(pid): ") == true)
        #expect(files?.message.contains("cannot be more than") == true)
        #expect(failure(pid) { $0.nice = 20 }?.message.contains("-20 to 19") == true)
        #expect(failure(pid) { $0.cpuAffinity = [] }?.message.contains("0 to 1023") == true)
        #expect(failure(pid) { $0.cpuAffinity = [1024] }?.message.contains("CPUs to 1024") == true)
        #expect(failure(pid) { $0.cpuAffinity = [1023] }?.message.contains("has none of them") == true)
        #expect(failure(pid) { $0.cpuAffinity = [0, 1023] }?.message.contains("has not all of them") == true)
        #expect(failure(pid) { $0.user = ProcessUser(uid: 1, gid: 1) }?.message.contains("itself") == true)
        if getuid() == 0 {
            #expect(failure(pid) { $0.processes = 10 }?.message.contains("does not hold root to it") == true)
        }
    }

    @Test func processThatHasEnded() throws {
        #expect(failure(Int32.max) { $0.openFiles = 10 }?.errno == ESRCH)
        #expect(failure(Int32.max) { $0.nice = 1 }?.errno == ENOENT)
    }

    /// In a process of its own: the limits are for good.
    @Test func everyThreadIsReached() async {
        await #expect(processExitsWith: .success) {
            let ready = DispatchSemaphore(value: 0)
            let end = DispatchSemaphore(value: 0)
            for _ in 0..<4 {
                Thread {
                    ready.signal()
                    end.wait()
                }.start()
                ready.wait()
            }
            var limits = ProcessLimits()
            limits.nice = 3
            limits.cpuAffinity = [0]
            try limits.apply(to: 0)
            let threads = try ProcReader.numbers(in: "/proc/self/task")
            #expect(threads.count >= 5)
            for thread in threads {
                #expect(getpriority(Int32(PRIO_PROCESS.rawValue), id_t(thread)) == 3)
                #expect(try text(of: "/proc/self/task/\(thread)/status").contains("Cpus_allowed_list:\t0\n"))
            }
            for _ in 0..<4 { end.signal() }
        }
    }
}
