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

            try session.press("s")
            try session.until("another order") { $0.contains("by rate") }

            let before = try manager.status("alpha")["pid"]
            try session.press("k", "k", "r")
            try session.until("a question") { $0.contains("restart alpha? y or n") }
            try session.press("Enter")
            try session.until("alpha restarted") { $0.contains("restart alpha: done") }
            #expect(try manager.status("alpha")["pid"] != before)

            try session.press("w")
            try session.until("why") { $0.contains("why: alpha") && $0.contains("What comes next") }
            try session.press("Escape")
            try session.until("the table again") { $0.contains("RATE/s") }
            _ = try manager.cli("publish", "BTC/USDT", "tick", #"{"price": 1, "size": 1}"#)
            try session.press("t")
            try session.until("the topics") { $0.contains("SEQUENCE") && $0.contains("market.BTC/USDT.tick") }
            try session.press("Escape")

            try session.press("x")
            try session.until("a question") { $0.contains("stop alpha? y or n") }
            try session.press("y")
            try session.until("alpha stopped") { $0.contains("stop alpha: done") }
            #expect(try manager.status("alpha")["state"] == "stopped")

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
