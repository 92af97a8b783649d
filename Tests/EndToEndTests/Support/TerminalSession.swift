import Foundation
import Testing

/// A terminal of tmux with a program in it.
final class TerminalSession {
    private let manager: TestManager
    private let socket: String

    static let tmuxPath = ["/usr/bin/tmux", "/usr/local/bin/tmux"].first(where: FileManager.default.isExecutableFile)

    /// Runs a command line in a terminal of 120 by 24.
    init(_ manager: TestManager, _ command: String) throws {
        self.manager = manager
        socket = "\(manager.folder)/tmux.sock"
        try tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "24", "\(command); exec cat")
    }

    deinit {
        _ = try? tmux("kill-server")
    }

    /// Types texts, or keys by tmux's names such as `Enter`.
    func press(_ keys: String...) throws {
        for key in keys { try tmux("send-keys", key) }
    }

    /// Waits until the screen is as wanted.
    func until(_ what: String, _ isAsWanted: (String) -> Bool) throws {
        let deadline = Deadline()
        var screen = ""
        while !isAsWanted(screen) {
            guard !deadline.hasPassed else { throw Waited("\(what) did not show; the screen shows:\n\(screen)") }
            screen = try tmux("capture-pane", "-p")
        }
    }

    @discardableResult
    private func tmux(_ arguments: String...) throws -> String {
        let path = try #require(Self.tmuxPath)
        return try manager.program(path, ["-S", socket] + arguments).finish().output
    }
}
