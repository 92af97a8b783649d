import Foundation
import Glibc
import Testing

@testable import ProcessControl

/// The step becomes another program, so each runs in a process of its own.
struct LaunchStepTests {
    @Test func argumentsSurvive() throws {
        var limits = ProcessLimits()
        limits.memoryBytes = 1
        limits.addressSpaceBytes = 2
        limits.cpuSeconds = 3
        limits.openFiles = 4
        limits.processes = 5
        limits.coreBytes = 0
        limits.nice = -6
        limits.cpuAffinity = [0, 2, 1]
        limits.user = ProcessUser(uid: 7, gid: 8, groups: [9, 10])
        let group = ControlGroup(path: "/sys/fs/cgroup/x")
        let arguments = LaunchStep.arguments(
            limits: limits,
            controlGroup: group,
            program: "/bin/x",
            arguments: ["--", "--nice", ""]
        )
        let order = try LaunchStep.Order(parsing: arguments)
        #expect(order.limits == limits)
        #expect(order.controlGroup == group)
        #expect(order.program == "/bin/x")
        #expect(order.arguments == ["--", "--nice", ""])
        let plain = LaunchStep.arguments(limits: ProcessLimits(), program: "/bin/x")
        #expect(plain == ["--launch", "--", "/bin/x"])
        #expect(try LaunchStep.Order(parsing: plain).limits == ProcessLimits())
    }

    @Test(arguments: [
        [], ["--", "/bin/true"], ["--launch"], ["--launch", "--"], ["--launch", "--", "true"],
        ["--launch", "--nice", "--", "/bin/true"], ["--launch", "--nice", "x", "--", "/bin/true"],
        ["--launch", "--memory", "-1", "--", "/bin/true"], ["--launch", "--cpus", "1,,2", "--", "/bin/true"],
        ["--launch", "--user", "1", "--", "/bin/true"], ["--launch", "--control-group", "x", "--", "/bin/true"],
        ["--launch", "--else", "1", "--", "/bin/true"], ["--launch", "--memory"],
    ])
    func nonsenseIsRefused(arguments: [String]) {
        let error = #expect(throws: ProcessControlError.self) { try LaunchStep.Order(parsing: arguments) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func programRunsWithinItsLimits() async {
        await #expect(processExitsWith: .exitCode(42)) {
            var limits = ProcessLimits()
            limits.openFiles = 50
            limits.coreBytes = 0
            limits.nice = 5
            limits.cpuAffinity = [0]
            let script = """
                test "$(ulimit -n)" = 50 && test "$(ulimit -c)" = 0 && test "$(nice)" = 5 && test "$1" = "a b" &&
                grep -q "^NoNewPrivs:.1" /proc/self/status && grep -q "^Cpus_allowed_list:.0$" /proc/self/status && exit 42
                """
            exit(launch(limits, ["-c", script, "sh", "a b"]))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can change the user"))
    func programRunsAsTheUser() async {
        await #expect(processExitsWith: .exitCode(42)) {
            var limits = ProcessLimits()
            let uid = UInt32(1_000_000 + getpid())
            limits.user = ProcessUser(uid: uid, gid: 1234, groups: [1234, 5678])
            limits.processes = 30
            let script = """
                test "$(id -u) $(id -ru) $(id -g) $(id -G)" = "\(uid) \(uid) 1234 1234 5678" &&
                grep -q "^CapEff:.0*$" /proc/self/status && grep -q "^Max processes *30 *30 " /proc/self/limits && exit 42
                """
            exit(launch(limits, ["-c", script]))
        }
    }

    @Test func memoryIsLimited() async {
        await #expect(processExitsWith: .exitCode(42)) {
            var limits = ProcessLimits()
            limits.memoryBytes = 50 << 20
            let script = """
                perl -e '$x = "x" x 10_000_000' || exit 2
                perl -e '$x = "x" x 200_000_000' 2>/dev/null || exit 42
                """
            exit(launch(limits, ["-c", script]))
        }
    }

    @Test func cpuTimeIsLimited() async {
        await #expect(processExitsWith: .signal(SIGXCPU)) {
            var limits = ProcessLimits()
            limits.cpuSeconds = 1
            limits.coreBytes = 0
            exit(launch(limits, ["-c", "while :; do :; done"]))
        }
    }

    @Test func missingProgramIs127() async {
        let result = await #expect(processExitsWith: .exitCode(127), observing: [\.standardErrorContent]) {
            exit(LaunchStep.run(arguments: LaunchStep.arguments(limits: ProcessLimits(), program: "/nowhere/x")))
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("quantcell: not started: cannot start /nowhere/x: No such file or directory\n"))
    }

    @Test func fileThatIsNoProgramIs126() async {
        await #expect(processExitsWith: .exitCode(126)) {
            exit(LaunchStep.run(arguments: LaunchStep.arguments(limits: ProcessLimits(), program: "/etc/passwd")))
        }
    }

    @Test func limitThatCannotBeSetIs126() async {
        let result = await #expect(processExitsWith: .exitCode(126), observing: [\.standardErrorContent]) {
            var limits = ProcessLimits()
            limits.openFiles = 1 << 40
            exit(launch(limits, ["-c", "exit 0"]))
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("cannot limit open files to 1099511627776"))
    }

    @Test func userByName() {
        #expect(ProcessUser.named("root")?.uid == 0)
        #expect(ProcessUser.named("root")?.groups.contains(0) == true)
        #expect(ProcessUser.named("nobody-\(UUID().uuidString)") == nil)
    }
}

private func launch(_ limits: ProcessLimits, _ arguments: [String]) -> Int32 {
    LaunchStep.run(arguments: LaunchStep.arguments(limits: limits, program: "/bin/sh", arguments: arguments))
}
