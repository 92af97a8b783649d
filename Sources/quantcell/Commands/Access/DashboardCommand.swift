import ArgumentParser
import Glibc
import WireProtocol

/// `quantcell dashboard`
struct DashboardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard",
        abstract: "Log in to the dashboard: prints a link that is good once, for a minute, and opens it.",
        discussion: """
            The manager serves it on 127.0.0.1:8090, unless its configuration says otherwise ('api'). It is opened with xdg-open where there
            is a display.

            EXAMPLE
              quantcell dashboard
              quantcell dashboard --scope read --no-open
            """
    )

    @Option(help: "What one may do there.")
    var scope: TokenScope = .operate

    @Flag(inversion: .prefixedNo, help: "Open the link in a browser.")
    var open = true

    @OptionGroup var manager: ManagerOptions

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(.login, payload: ["scope": .string(scope.rawValue)])
        guard let url = answer["url"]?.stringValue else {
            throw CommandFailure.badAnswer("the manager's answer has no link")
        }
        let output = Output()
        try output.line(url)
        try output.flush()
        if open, getenv("DISPLAY") != nil || getenv("WAYLAND_DISPLAY") != nil { Self.show(url) }
    }

    /// Opens the link, in a process of its own that nobody waits for.
    private static func show(_ url: String) {
        var arguments = [strdup("xdg-open"), strdup(url), nil]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        if posix_spawnp(&pid, "xdg-open", nil, nil, &arguments, environ) != 0 {
            Diagnostics.note("xdg-open was not found; open the link yourself")
        }
    }
}
