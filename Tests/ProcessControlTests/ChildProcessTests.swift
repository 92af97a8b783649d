import CLinux
import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct ChildProcessTests {
    private let sleeper = SpawnRequest(executable: "/bin/sleep", arguments: ["1000"], output: .discard)

    @Test func reapDoesNotWaitAndAnswersTheSameForEver() throws {
        let child = try ChildProcess.spawn(sleeper)
        defer { child.destroy() }
        #expect(try child.reap() == nil)
        try child.send(.kill)
        let exit = try child.finish()
        #expect(try child.reap() == exit)
    }

    @Test func nothingIsSentAfterReaping() throws {
        let child = try ChildProcess.spawn(shell("exit 0"))
        _ = try child.finish()
        let error = #expect(throws: ProcessControlError.self) { try child.send(.term) }
        #expect(error?.code == .alreadyReaped)
        #expect(error?.message == "cannot send SIGTERM to process \(child.pid): it has been reaped")
        #expect(throws: ProcessControlError.self) { try child.signalGroup(.term) }
    }

    @Test func signalToOneThatHasExitedIsHarmless() throws {
        let child = try ChildProcess.spawn(shell("exit 5"))
        try waitForExit(of: child.pidFileDescriptor)
        try child.send(.term)
        try child.signalGroup(.term)
        #expect(try child.reap()?.status == .exited(code: 5))
    }

    @Test func signalToTheGroupReachesGrandchildren() throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            let child = try ChildProcess.spawn(shell("sleep 1000 & echo $!; wait", output: .append(path: pipe.path)))
            defer { child.destroy() }
            let grandchild = try watch(pid: pipe.readLine())
            defer { close(grandchild) }
            try child.signalGroup(.term)
            try waitForExit(of: grandchild)
            #expect(try child.finish().status == .signaled(.term, coreDumped: false))
        }
    }

    @Test func signalToTheProcessSparesGrandchildrenButReapingDoesNot() throws {
        try withTemporaryFolder { folder in
            let pipe = try OutputPipe(in: folder)
            defer { pipe.close() }
            // The grandchild takes no notice of anything but SIGKILL.
            let script = "trap '' TERM HUP; sleep 1000 & echo $!; trap - TERM; wait"
            let child = try ChildProcess.spawn(shell(script, output: .append(path: pipe.path)))
            defer { child.destroy() }
            let grandchild = try watch(pid: pipe.readLine())
            defer { close(grandchild) }
            try child.send(.kill)
            try waitForExit(of: child.pidFileDescriptor)
            #expect(qc_pidfd_send_signal(grandchild, 0) == 0)
            #expect(try child.reap()?.status == .signaled(.kill, coreDumped: false))
            try waitForExit(of: grandchild)
        }
    }

    @Test func childCollectedBySomebodyElse() throws {
        let child = try ChildProcess.spawn(shell("exit 0"))
        #expect(waitpid(child.pid, nil, 0) == child.pid)
        let error = #expect(throws: ProcessControlError.self) { try child.reap() }
        #expect(error?.code == .alreadyReaped)
        #expect(error?.message.contains("somebody else") == true)
        #expect(throws: ProcessControlError.self) { try child.signalGroup(.kill) }
    }

    /// In a process of its own, where every child is ours.
    @Test func twoHundredChildrenLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                var children: [ChildProcess] = []
                for number in 0..<200 {
                    var request = shell("exit \(number)", output: .append(path: folder + "/log"))
                    request.workingDirectory = folder
                    children.append(try ChildProcess.spawn(request))
                }
                #expect(throws: ProcessControlError.self) {
                    try ChildProcess.spawn(SpawnRequest(executable: "/nowhere", output: .discard))
                }
                let opened = try ourDescriptors(in: folder)
                #expect(opened.count == 200)
                #expect(opened.allSatisfy { $0.contains("pidfd") })
                for (number, child) in children.enumerated() {
                    #expect(try child.finish().status == .exited(code: Int32(number)))
                }
                children.removeAll()
                let left = try ourDescriptors(in: folder)
                #expect(left == [])
                // No child, not even a zombie.
                let found = waitpid(-1, nil, WNOHANG)
                let reason = errno
                #expect(found == -1)
                #expect(reason == ECHILD)
            }
        }
    }

    @Test func abandonedChildMayBeLetGo() async {
        await #expect(processExitsWith: .success) {
            try ChildProcess.spawn(shell("exit 0")).abandon()
        }
    }

    #if DEBUG
    @Test func forgottenChildTraps() async {
        await #expect(processExitsWith: .signal(SIGILL)) {
            _ = try ChildProcess.spawn(shell("exit 0"))
        }
    }
    #endif

    private func watch(pid: String) throws -> Int32 {
        let pidfd = qc_pidfd_open(try #require(pid_t(pid)))
        try #require(pidfd >= 0)
        return pidfd
    }
}

/// What the open pidfds and files in `folder` are. The test library opens and closes others in threads of its own.
private func ourDescriptors(in folder: String) throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    // Some may be closed by now, such as the one of the list itself.
    let targets = names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
    return targets.filter { $0.contains("pidfd") || $0.hasPrefix(folder) }
}
