import ProcessControl
import Testing
import WireProtocol

/// `quantcell top` in a real terminal: tmux shows what a person would see, and types keys.
@Suite(.enabled(if: TerminalSession.tmuxPath != nil, "tmux is not installed; 'make setup' installs it"))
struct TopCommandTests {
    @Test func aPersonWatchesAndActs() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "alpha")
            try manager.start(manager.actor, name: "beta")
            let session = try TerminalSession(
                manager,
                "\(Build.program("quantcell")) top --interval 100ms --runtime-dir \(manager.runtime)"
            )
            try session.until("both workers") {
                $0.contains("alpha") && $0.contains("beta") && $0.contains("2 running")
            }

            try session.press("/bet", "Enter")
            try session.until("only beta") { !$0.contains("alpha") && $0.contains("filter 'bet'") }

            try session.press("p")
            try session.until("a question") { $0.contains("pause beta? y or n") }
            try session.press("y")
            try session.until("beta paused") { $0.contains("pause beta: done") && $0.contains("paused") }
            #expect(try manager.status("beta")["state"] == "paused")
            #expect(try manager.status("alpha")["state"] == "running")

            try session.press("l")
            try session.until("its log") { $0.contains("log of beta") && $0.contains("paused") }
            try session.press("Escape", "Escape")
            try session.until("all of them again") { $0.contains("alpha") && $0.contains("beta") }

            try session.press("q")
            try session.until("the shell again") { !$0.contains("quantcell top") }
        }
    }

    @Test func withoutATerminalItSaysWhatToUse() async throws {
        try await withManager { manager in
            let finished = try manager.cli("top")
            #expect(finished.code == 1)
            #expect(finished.errors.contains("quantcell list"))
        }
    }
}
