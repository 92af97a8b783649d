import ArgumentParser
import WireProtocol

/// `quantcell-bench idle`
struct Idle: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "CPU of a manager whose workers do nothing but send heartbeats.",
        discussion: """
            Each worker sends one heartbeat a second. The floor is a PULL loop in bare calls that gets as many messages of the same \
            size from one process with as many sockets.
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(name: .long, help: "Workers.")
    var workers = 100

    func validate() throws {
        guard (1...500).contains(workers) else { throw ValidationError("--workers must be 1 to 500") }
    }

    func run() throws {
        try options.report { try Self.measure(options, workers: workers, into: &$0) }
    }

    /// The size of a heartbeat of an idle worker.
    private static let heartbeatBytes = 380

    static func measure(_ options: BenchOptions, workers: Int = 100, into report: inout Report) throws {
        let seconds: Int64 = options.long ? 60 : 20
        let rounds = options.rounds(2, long: 5)
        report.begin(
            "idle: \(workers) workers with a heartbeat a second, \(rounds) rounds of \(seconds) s",
            notes: [
                "user and system time of the whole process, as a share of one core.",
                "floor: a PULL loop that gets as many messages of \(heartbeatBytes) bytes.",
            ]
        )
        report.progress("idle: starting \(workers) workers")
        let workspace = try Workspace()
        let fleet = try Fleet(options, workspace, workers: workers, spares: 2)
        defer { fleet.stop() }
        let address = "ipc://\(workspace.path)/beats"
        let log = "\(workspace.path)/beats.log"
        let listener = try Child(role: .listen, [address], output: log)
        let heart = try Child(role: .beat, [address, "\(workers)", "\(heartbeatBytes)"], output: log)
        // Until the spares that replaced those that were claimed have settled.
        Clock.sleep(milliseconds: 3000)
        var (mine, theirs, bare): ([Double], [Double], [Double]) = ([], [], [])
        for round in 1...rounds {
            report.progress("idle: round \(round) of \(rounds)")
            // Both at once: they are different processes, and neither takes enough to be in the other's way.
            let begin = Clock.monotonic
            let before = try (Clock.cpuTime(of: fleet.manager.pid), Clock.cpuTime(of: listener.pid), sum(fleet.workers))
            Clock.sleep(milliseconds: seconds * 1000)
            let after = try (Clock.cpuTime(of: fleet.manager.pid), Clock.cpuTime(of: listener.pid), sum(fleet.workers))
            let time = Double(Clock.monotonic - begin)
            mine.append(100 * Double(after.0 - before.0) / time)
            bare.append(100 * Double(after.1 - before.1) / time)
            theirs.append(100 * Double(after.2 - before.2) / time)
        }
        try heart.check()
        try listener.check()
        report.add("manager", "% of a core", mine, floor: bare, target: .atMost(0.5))
        report.add("all \(workers) workers together", "% of a core", Figure(theirs))
    }

    private static func sum(_ pids: [Int32]) throws -> Int64 {
        try pids.reduce(0) { try $0 + Clock.cpuTime(of: $1) }
    }
}
