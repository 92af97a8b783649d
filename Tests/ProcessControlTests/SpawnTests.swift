import CLinux
import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct SpawnTests {
    @Test func argumentsArriveAsTheyAre() throws {
        let arguments = ["%s|", "", "two words", "quote\"'$HOME", "αβγ", "-"]
        let request = SpawnRequest(executable: "/usr/bin/printf", arguments: arguments, output: .discard)
        #expect(try run(request).output == "|two words|quote\"'$HOME|αβγ|-|")
    }

    @Test func environmentIsExactlyWhatWasAsked() throws {
        try #require(getenv("PATH") != nil)
        var request = SpawnRequest(executable: "/usr/bin/env", output: .discard)
        #expect(try run(request).output == "")
        request.environment = ["B": "2 = two", "A": "1"]
        #expect(try run(request).output == "A=1\nB=2 = two\n")
    }

    @Test func descriptorsAreNotInherited() throws {
        let leaked = fcntl(STDERR_FILENO, F_DUPFD, 200)
        try #require(leaked >= 200)
        defer { close(leaked) }
        // 3 is the folder that `ls` itself has open.
        #expect(try run(shell("ls /proc/self/fd")).output == "0\n1\n2\n3\n")
    }

    /// Whether the kernel keeps what a thread asks for, which it does from Linux 6.12 on, and shows it.
    private static let takesSlices: Bool = {
        let before = qc_swap_slice(100_000)
        defer { if before > 0 { _ = qc_swap_slice(UInt64(before)) } }
        return before > 100_000 && qc_swap_slice(100_000) == 100_000
            && FileManager.default.fileExists(atPath: "/proc/self/sched")
    }()

    @Test(.enabled(if: takesSlices, "this kernel knows no slices of a thread's own"))
    func theHasteOfTheSpawningThreadIsNotInherited() throws {
        let asking = shell("grep se.slice /proc/self/sched")
        let usual = try run(asking).output
        let before = qc_swap_slice(100_000)
        defer { if before > 0 { _ = qc_swap_slice(UInt64(before)) } }
        #expect(try run(asking).output == usual)
        // And the thread is as it was.
        #expect(qc_swap_slice(100_000) == 100_000)
    }

    @Test func standardInputIsEmptyAndOutputGoesToOnePlace() throws {
        let (exit, output) = try run(shell("readlink /proc/self/fd/0; cat; echo error >&2; echo output"))
        #expect(exit.status.isSuccess)
        #expect(output == "/dev/null\nerror\noutput\n")
    }

    @Test func outputIsAppendedToAPrivateFile() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/log"
            _ = try ChildProcess.spawn(shell("echo one", output: .append(path: path))).finish()
            _ = try ChildProcess.spawn(shell("echo two", output: .append(path: path))).finish()
            #expect(try text(of: path) == "one\ntwo\n")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func inheritedOutputIsOurs() throws {
        let script = "test /proc/self/fd/2 -ef /proc/\(getpid())/fd/2"
        #expect(try ChildProcess.spawn(shell(script, output: .inherit)).finish().status.isSuccess)
    }

    @Test func workingDirectory() throws {
        try withTemporaryFolder { folder in
            var request = SpawnRequest(executable: "/bin/pwd", workingDirectory: folder, output: .discard)
            let chosen = try run(request).output
            request.workingDirectory = nil
            let ours = try run(request).output
            #expect(chosen == folder + "\n")
            #expect(ours == FileManager.default.currentDirectoryPath + "\n")
        }
    }

    @Test func sessionAndGroupAreItsOwn() throws {
        let child = try ChildProcess.spawn(shell("exec sleep 1000"))
        defer { child.destroy() }
        #expect(getsid(child.pid) == child.pid)
        #expect(getpgid(child.pid) == child.pid)
    }

    @Test func signalsAreResetAndNoneIsBlocked() async {
        // In a process of its own: how a signal is handled is a matter of the whole process.
        await #expect(processExitsWith: .success) {
            signal(SIGUSR2, SIG_IGN)
            signal(SIGPIPE, SIG_IGN)
            var blocked = sigset_t()
            sigfillset(&blocked)
            pthread_sigmask(SIG_BLOCK, &blocked, nil)
            let request = SpawnRequest(
                executable: "/bin/grep",
                arguments: ["-E", "^Sig(Blk|Ign):", "/proc/self/status"],
                output: .discard
            )
            let output = try run(request).output
            let masks = output.split(separator: "\n").compactMap { UInt64($0.suffix(16), radix: 16) }
            // glibc lets the child ignore 32 and 33, which it uses itself.
            let ofGlibc: UInt64 = 1 << 31 | 1 << 32
            #expect(masks.map { $0 & ~ofGlibc } == [0, 0])
        }
    }

    @Test func worksWithoutStandardDescriptors() async {
        // Then the descriptors opened for the child get the numbers 0, 1 and 2.
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                for descriptor in STDIN_FILENO...STDERR_FILENO { close(descriptor) }
                var request = shell("pwd; readlink /proc/self/fd/0; echo error >&2")
                request.workingDirectory = folder
                let output = try run(request).output
                _ = open("/dev/null", O_RDWR)
                #expect(output == folder + "\n/dev/null\nerror\n")
            }
        }
    }
}
