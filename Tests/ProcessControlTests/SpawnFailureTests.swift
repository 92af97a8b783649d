import Foundation
import Glibc
import Testing

@testable import ProcessControl

struct SpawnFailureTests {
    private func failure(_ request: SpawnRequest) -> ProcessControlError? {
        #expect(throws: ProcessControlError.self) { try ChildProcess.spawn(request) }
    }

    @Test func missingExecutable() {
        let error = failure(SpawnRequest(executable: "/nowhere/program", output: .discard))
        #expect(error?.code == .spawnFailed)
        #expect(error?.errno == ENOENT)
        #expect(error?.message == "cannot start /nowhere/program: No such file or directory")
    }

    @Test(arguments: [
        ("plain text", 0o600, EACCES, "is it a file, executable"),
        ("plain text", 0o700, ENOEXEC, "nor a script with a #! line"),
        ("#!/nowhere/interpreter\n", 0o700, ENOENT, "interpreter or loader that it names is missing"),
    ])
    func fileThatCannotRun(contents: String, mode: Int, errno: Int32, hint: String) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/program"
            try writeProgram(contents, mode: mode, to: path)
            let error = failure(SpawnRequest(executable: path, output: .discard))
            #expect(error?.code == .spawnFailed)
            #expect(error?.errno == errno)
            #expect(error?.message.hasPrefix("cannot start \(path): ") == true)
            #expect(error?.message.contains(hint) == true)
        }
    }

    @Test func missingWorkingDirectory() {
        let error = failure(SpawnRequest(executable: "/bin/pwd", workingDirectory: "/nowhere", output: .discard))
        #expect(error?.code == .workingDirectoryUnavailable)
        #expect(
            error?.message == "cannot use /nowhere as the working directory of /bin/pwd: No such file or directory"
        )
    }

    @Test func outputThatCannotBeOpened() {
        let error = failure(SpawnRequest(executable: "/bin/pwd", output: .append(path: "/nowhere/log")))
        #expect(error?.code == .outputUnavailable)
        #expect(error?.message == "cannot open /nowhere/log for the output of /bin/pwd: No such file or directory")
    }

    @Test(arguments: [
        SpawnRequest(executable: "sh", output: .discard),
        SpawnRequest(executable: "", output: .discard),
        SpawnRequest(executable: "/bin/sh\0x", output: .discard),
        SpawnRequest(executable: "/bin/sh", arguments: ["a\0b"], output: .discard),
        SpawnRequest(executable: "/bin/sh", environment: ["A": "\0"], output: .discard),
        SpawnRequest(executable: "/bin/sh", environment: ["A=B": "C"], output: .discard),
        SpawnRequest(executable: "/bin/sh", environment: ["": "C"], output: .discard),
        SpawnRequest(executable: "/bin/sh", workingDirectory: "/tmp\0/x", output: .discard),
        SpawnRequest(executable: "/bin/sh", output: .append(path: "/tmp/a\0b")),
    ])
    func invalidRequest(request: SpawnRequest) {
        #expect(failure(request)?.code == .invalidRequest)
    }

    @Test func tooManyArguments() {
        let arguments = [String(repeating: "x", count: 4_000_000)]
        let error = failure(SpawnRequest(executable: "/bin/sh", arguments: arguments, output: .discard))
        #expect(error?.errno == E2BIG)
    }
}
