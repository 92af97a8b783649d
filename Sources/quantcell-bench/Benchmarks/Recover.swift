import ArgumentParser
import Glibc
import WireProtocol
import ZeroMQ

/// `quantcell-bench recover`
struct Recover: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "From kill -9 of a worker to its replacement, running and receiving data.",
        discussion: """
            A feed publishes 2,000 bars a second while one worker is killed again and again, with warm spares ready and a policy \
            that grants every restart at once. The floors are respawns without any supervisor: of sleep, and of a libzmq \
            subscriber in C, up to the first message that it receives.
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(name: .long, help: "How often the worker is killed in each round.")
    var kills: Int?

    func validate() throws {
        if let kills, !(1...1000).contains(kills) { throw ValidationError("--kills must be 1 to 1000") }
    }

    func run() throws {
        try options.report { try Self.measure(options, kills: kills, into: &$0) }
    }

    /// The feed's rate: it bounds how exactly the first bar can be told.
    private static let rate = 2000

    static func measure(_ options: BenchOptions, kills: Int? = nil, into report: inout Report) throws {
        let kills = kills ?? (options.long ? 100 : 25)
        let rounds = options.rounds(4, long: 10)
        report.begin(
            "recover: kill -9 of a worker, warm spares, \(rounds) rounds of \(kills) kills",
            notes: [
                "death and running: by the times of the journal's transitions, which are taken before they are written.",
                "first bar: in the strategy of the new process; the feed brings one every \(1000.0 / Double(rate)) ms.",
                "floor of death: a poll of the pidfd; of running: posix_spawn of sleep; of first bar: respawn of a libzmq SUB in C.",
            ]
        )
        let workspace = try Workspace()
        let product = try RecoverProduct(options, workspace, rate: rate)
        defer { product.stop() }
        let floor = try RecoverFloor(workspace, rate: rate)
        defer { floor.stop() }
        var (mine, bare): ([RecoverTimes], [RecoverTimes]) = ([], [])
        for round in 1...rounds {
            report.progress("recover: round \(round) of \(rounds)")
            mine.append(try product.round(kills))
            bare.append(try floor.round(kills))
        }
        let parts: [(String, (RecoverTimes) -> Latency, Double?, Double?)] = [
            ("kill → death known", \.death, nil, nil), ("kill → running", \.running, nil, nil),
            ("kill → first bar", \.firstBar, 10, 50),
        ]
        for (name, part, median, tail) in parts {
            for (percent, label, limit) in [(50.0, "median", median), (99.0, "p99", tail)] {
                report.add(
                    "\(name), \(label)",
                    "ms",
                    percent: percent,
                    of: mine.map(part),
                    floor: bare.map(part),
                    per: 1_000_000,
                    target: limit.map { .atMost($0) }
                )
            }
        }
    }
}

/// What a round of kills found.
struct RecoverTimes {
    var death = Latency()
    var running = Latency()
    var firstBar = Latency()
}

/// Kills of a worker under a manager.
private final class RecoverProduct {
    private static let name = "victim"

    private let manager: Manager
    private let feed: Child
    private let metrics: Socket

    init(_ options: BenchOptions, _ workspace: Workspace, rate: Int) throws {
        manager = try Manager(options, in: workspace)
        metrics = try manager.events("metrics.\(Self.name)")
        try manager.waitForSpares(2)
        let probe = try Probe.write(to: manager.folder)
        try manager.ask(.start, nil, Manager.start(Self.name, probe, params: ["announces": true]))
        feed = try Child(
            role: .publish,
            [manager.feed, BodyKind.binary.rawValue, "steady", "\(rate)"],
            output: "\(manager.folder)/publisher.log"
        )
        _ = try firstBar(after: 0)
    }

    func stop() {
        feed.kill()
        manager.stop()
    }

    func round(_ kills: Int) throws -> RecoverTimes {
        var times = RecoverTimes()
        var journal = try Transitions(manager)
        for _ in 0..<kills {
            try manager.waitForSpares(2)
            let worker = try manager.status(Self.name)
            // So that nothing of the last recovery is still going on.
            Clock.sleep(milliseconds: 50)
            let killed = (monotonic: Clock.monotonic, realtime: Clock.realtime)
            guard kill(worker.pid, SIGKILL) == 0 else { throw BenchError.system("kill a worker", errno: errno) }
            times.firstBar.record(try firstBar(after: worker.generation) - killed.monotonic)
            var changes: [Transitions.Change] = []
            try waitUntil("the journal says that the worker runs") {
                changes += try journal.read(manager, of: Self.name).changes
                return changes.contains { $0.to == "running" && $0.generation > worker.generation }
            }
            for (to, path) in [(nil, \RecoverTimes.death), ("running", \.running)] as [(String?, WritableKeyPath<_, _>)]
            {
                guard let change = changes.first(where: { to == nil || $0.to == to }) else {
                    throw BenchError("the journal has no transition of the worker that was killed")
                }
                times[keyPath: path].record(change.time - killed.realtime)
            }
        }
        return times
    }

    /// When a younger generation got its first bar.
    private func firstBar(after generation: UInt64) throws -> Int64 {
        let deadline = Clock.monotonic + 30_000_000_000
        try metrics.set(.receiveTimeout, 1000)
        while Clock.monotonic < deadline {
            guard let body = try metrics.receive(wait: true)?.last else { continue }
            let message = try body.withUnsafeBytes { try Message(parsing: $0) }
            guard message.payload["name"]?.stringValue == "first_bar", (message.generation ?? 0) > generation,
                let time = message.payload["value"]?.doubleValue
            else { continue }
            return Int64(time)
        }
        throw BenchError("no bar reached the worker within 30 s")
    }
}

/// Kills and respawns without a supervisor.
private final class RecoverFloor {
    private let workspace: Workspace
    private let program: BareProgram
    private let forwarder: Child
    private let feed: Child
    private let data: String
    private let sleep: String

    init(_ workspace: Workspace, rate: Int) throws {
        self.workspace = workspace
        program = try BareProgram(in: workspace)
        guard let sleep = Files.program("sleep") else { throw BenchError("there is no 'sleep' in PATH") }
        self.sleep = sleep
        let address = "ipc://\(workspace.path)/bare-feed"
        data = "ipc://\(workspace.path)/bare-data"
        let log = "\(workspace.path)/bare.log"
        forwarder = try Child(role: .forward, [address, data, "0", "\(workspace.path)/forward.ready"], output: log)
        feed = try Child(role: .publish, [address, BodyKind.bareBinary.rawValue, "steady", "\(rate)"], output: log)
        guard mkfifo(pipe, 0o600) == 0 else { throw BenchError.system("make \(pipe)", errno: errno) }
    }

    private var pipe: String { "\(workspace.path)/first" }

    func stop() {
        feed.kill()
        forwarder.kill()
    }

    func round(_ kills: Int) throws -> RecoverTimes {
        var times = RecoverTimes()
        var subscriber = try spawnSubscriber()
        var sleeper = try Child("sleep", sleep, ["1000"], output: "/dev/null")
        let descriptor = open(pipe, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw BenchError.system("open \(pipe)", errno: errno) }
        defer { close(descriptor) }
        _ = try firstMessage(descriptor)
        for _ in 0..<kills {
            Clock.sleep(milliseconds: 50)
            let killed = try die(sleeper)
            times.death.record(Clock.monotonic - killed)
            sleeper = try Child("sleep", sleep, ["1000"], output: "/dev/null")
            times.running.record(Clock.monotonic - killed)

            let subscriberKilled = try die(subscriber)
            subscriber = try spawnSubscriber()
            times.firstBar.record(try firstMessage(descriptor) - subscriberKilled)
        }
        return times
    }

    private func spawnSubscriber() throws -> Child {
        try Child("a bare subscriber", program.path, ["first", data, pipe], output: "\(workspace.path)/bare.log")
    }

    /// Kills a child, waits for its pidfd, and returns when it was killed.
    private func die(_ child: Child) throws -> Int64 {
        let killed = Clock.monotonic
        guard kill(child.pid, SIGKILL) == 0 else { throw BenchError.system("kill a process", errno: errno) }
        try child.wait(milliseconds: 5000)
        return killed
    }

    private func firstMessage(_ descriptor: Int32) throws -> Int64 {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&item, 1, 10_000) == 1 else { throw BenchError("a bare subscriber received nothing") }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &buffer, buffer.count)
        let text = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        guard let time = text.split(separator: "\n").last.flatMap({ Int64($0) }) else {
            throw BenchError("a bare subscriber said '\(text)'")
        }
        return time
    }
}
