import Foundation
import ProcessControl
import Testing
import WireProtocol

/// What the command line says where there is nothing to do, or nothing that makes sense.
@Suite struct UsageTests {
    @Test func withoutAManager() async throws {
        try await withFolder { folder in
            let commands = [
                ["list"], ["status", "a"], ["stop", "--all"], ["pause", "a"], ["resume", "a"], ["restart", "a"],
                ["logs", "a"], ["params", "a"], ["reload", "a"], ["plan"], ["apply"],
                ["signals"], ["journal", "-f"], ["ping"], ["topics"], ["publish", "X", "tick", #"{"price":1}"#],
                ["start-strategy", folder.actor],
            ]
            for command in commands {
                let program = try Program(
                    Build.program("quantcell"),
                    command,
                    environment: folder.environment,
                    folder: "\(folder.path)/work"
                )
                let done = try program.finish()
                #expect(done.code == 69, "\(command)")
                #expect(done.output == "")
                let hint =
                    "no manager is running on \(folder.path)/run; start one with: quantcell-manager run --runtime-dir \(folder.path)/run"
                #expect(done.errors == "quantcell: \(hint)\n", "\(command)")
            }
        }
    }

    @Test func badUsage() async throws {
        try await withManager { manager in
            let commands = [
                ["no-such-command"], ["status"], ["stop"], ["stop", "a", "--all"], ["list", "--no-such-flag"],
                ["journal", "--limit", "0"], ["journal", "--json", "--csv"], ["replay", "x.csv"], ["publish", "X"],
                ["replay", "x.csv", "--symbol", "X", "--speed", "fast"],
                ["start-strategy", "x.swift", "--param", "novalue"],
                ["new-strategy", "7up"], ["new-strategy", "a.py", "--language", "swift"],
                ["logs", "a", "--lines", "-1"],
            ]
            for command in commands {
                let done = try manager.program(Build.program("quantcell"), command).finish()
                #expect(done.code == 64, "\(command)")
                #expect(done.output == "")
                #expect(!done.errors.isEmpty)
            }
            for command in ["status", "stop", "pause", "resume", "restart", "logs", "params", "reload"] {
                let refused = try manager.cli(command, "nobody")
                #expect(refused.code == 1, "\(command)")
                #expect(refused.errors.contains("there is no worker 'nobody'"), "\(command)")
            }
            for command in [
                "list", "journal", "start-strategy", "replay", "publish", "params", "reload", "plan", "apply",
            ] {
                let help = try manager.cli(command, "--help")
                #expect(help.code == 0)
                #expect(help.output.contains("EXAMPLE"))
            }
        }
    }
}
