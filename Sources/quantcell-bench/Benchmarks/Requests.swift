import ArgumentParser
import WireProtocol

/// `quantcell-bench api`
struct Requests: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract:
            "HTTP with many workers: how long GET /workers takes, and what a flood of it costs ticks and heartbeats.",
        discussion: """
            Needs wrk, which asks over 64 connections. Its floor is GET /health of the same server, which asks nobody for anything.

            The flood: one worker gets 1,000 bars a second; all send a heartbeat each second, which is late by as much as it is heard \
            after the tenth of a second that it was due at. Both are measured without a flood, and while wrk asks as fast as it is \
            answered, in turns. It is niced, for a machine of its own would do its work. A third time it floods a manager that has \
            nothing to do with the workers: that is what the load does to this machine by itself.
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

    static func measure(_ options: BenchOptions, workers: Int, into report: inout Report) throws {
        let rounds = options.rounds(3, long: 9)
        let seconds = options.long ? 20 : 6
        report.progress("api: starting \(workers) workers")
        let unlimited = try APIFleet(options, workers: workers, requestsPerSecond: 0)
        try measureLatency(unlimited, rounds, seconds, into: &report)
        try measureFlood(unlimited, "no limit of requests", nil, options, rounds, seconds, into: &report)
        unlimited.stop()
        report.progress("api: starting \(workers) workers")
        let shipped = try APIFleet(options, workers: workers, requestsPerSecond: nil)
        let target = Report.Target.ratioAtMost(1.2)
        try measureFlood(shipped, "limits as shipped", target, options, rounds, seconds, into: &report)
        shipped.stop()
    }

    // MARK: How long an answer takes

    private static func measureLatency(
        _ fleet: APIFleet,
        _ rounds: Int,
        _ seconds: Int,
        into report: inout Report
    ) throws {
        report.begin(
            "api: GET /workers, \(fleet.workers) workers, 64 connections, \(rounds) rounds of \(seconds) s",
            notes: ["floor: GET /health of the same server. No limit of requests a second."]
        )
        var (mine, bare): ([WrkResult], [WrkResult]) = ([], [])
        for round in 1...rounds {
            report.progress("api: GET /workers, round \(round) of \(rounds)")
            mine.append(try fleet.target.wrk("/api/v1/workers", seconds: seconds).result())
            bare.append(try fleet.target.wrk("/health", seconds: seconds).result())
        }
        for (name, path, target) in [
            ("median", \WrkResult.p50, nil), ("p95", \.p95, Report.Target.atMost(5)), ("p99", \.p99, nil),
        ] as [(String, KeyPath<WrkResult, Double>, Report.Target?)] {
            report.add(
                name,
                "ms",
                mine.map { $0[keyPath: path] },
                floor: bare.map { $0[keyPath: path] },
                target: target
            )
        }
        report.add("answers", "/s", mine.map(\.perSecond), floor: bare.map(\.perSecond))
        let errors = (mine + bare).reduce(0) { $0 + $1.errors }
        if errors > 0 { report.note("\(errors) requests were not answered as they should be.") }
        report.add("resident memory of the manager afterwards", "MiB", Figure([try fleet.residentMebibytes]))
    }

    // MARK: What a flood costs

    /// Whom wrk asks meanwhile.
    private enum Flood: CaseIterable {
        case nobody
        case manager
        case other
    }

    private static func measureFlood(
        _ fleet: APIFleet,
        _ what: String,
        _ target: Report.Target?,
        _ options: BenchOptions,
        _ rounds: Int,
        _ seconds: Int,
        into report: inout Report
    ) throws {
        report.begin(
            "api: what a flood of GET /workers costs, \(what), \(rounds) rounds of \(seconds) s",
            notes: [
                "in the floor's place: the same without a flood.",
                "'another manager': the flood goes to one without workers; so much of it is this machine's, not the server's.",
            ]
        )
        let workspace = try Workspace()
        let other = try Manager(options, in: workspace, APIFleet.configuration(workers: 1, fleet.requestsPerSecond))
        let otherTarget = try APITarget(other, in: workspace)
        var found: [Flood: (ticks: [Latency], beats: [Latency])] = [:]
        var asked: [Flood: Double] = [:]
        for round in 1...rounds {
            for flood in Flood.allCases {
                report.progress("api: \(what), flood of \(flood), round \(round) of \(rounds)")
                let wrk: Wrk? =
                    switch flood {
                    case .nobody: nil
                    case .manager: try fleet.target.wrk("/api/v1/workers", seconds: seconds + 2, isNice: true)
                    case .other: try otherTarget.wrk("/health", seconds: seconds + 2, isNice: true)
                    }
                let (ticks, beats) = try fleet.observe(seconds: seconds)
                found[flood, default: ([], [])].ticks.append(ticks)
                found[flood, default: ([], [])].beats.append(beats)
                if let wrk { asked[flood, default: 0] += try wrk.result().perSecond / Double(rounds) }
            }
        }
        other.stop()
        withExtendedLifetime(workspace) {}
        guard let quiet = found[.nobody] else { return }
        for (flood, name, target) in [
            (Flood.manager, "flood", target), (.other, "flood of another manager", nil),
        ] as [(Flood, String, Report.Target?)] {
            guard let loud = found[flood] else { continue }
            for (percent, percentile) in [(50.0, "median"), (99.0, "p99")] {
                let target = percent == 99 ? target : nil
                report.add(
                    "\(name), a tick's latency, \(percentile)",
                    "µs",
                    percent: percent,
                    of: loud.ticks,
                    floor: quiet.ticks,
                    per: 1000,
                    target: target
                )
                report.add(
                    "\(name), a heartbeat's lateness, \(percentile)",
                    "ms",
                    percent: percent,
                    of: loud.beats,
                    floor: quiet.beats,
                    per: 1_000_000,
                    target: target
                )
            }
            report.add("\(name), requests", "/s", Figure([asked[flood] ?? 0]))
        }
    }
}

/// A manager with workers, one of which gets bars.
private final class APIFleet {
    private static let rate = 1000

    let workers: Int
    let requestsPerSecond: Int?
    let target: APITarget
    private let manager: Manager
    private let workspace: Workspace
    private let topology: FanoutTopology
    private var results = 0

    init(_ options: BenchOptions, workers: Int, requestsPerSecond: Int?) throws {
        self.workers = workers
        self.requestsPerSecond = requestsPerSecond
        workspace = try Workspace()
        manager = try Manager(options, in: workspace, Self.configuration(workers: workers, requestsPerSecond))
        let (folder, probe) = (manager.folder, try Probe.write(to: manager.folder))
        try manager.ask(.start, payloads: [Manager.start("w1", probe, params: ["folder": .string(folder)])])
        let idle = (1..<max(workers, 2)).map { number in
            Manager.start("idle\(number)", probe).merging(["symbols": ["IDLE"]]) { $1 }
        }
        for start in stride(from: 0, to: workers - 1, by: 10) {
            try manager.ask(.start, payloads: Array(idle[start..<min(start + 10, idle.count)]))
        }
        topology = FanoutTopology(
            feed: manager.feed,
            results: ["\(folder)/w1"],
            broker: manager.pid,
            subscribers: [try manager.status("w1").pid]
        )
        target = try APITarget(manager, in: workspace)
    }

    static func configuration(workers: Int, _ requestsPerSecond: Int?) -> Manager.Configuration {
        var configuration = Manager.Configuration()
        configuration.maxWorkers = workers
        configuration.spares = 0
        configuration.maxSpares = 0
        configuration.requestsPerSecond = requestsPerSecond
        return configuration
    }

    var residentMebibytes: Double {
        get throws { try ProcessMemory(of: manager.pid).residentKiB / 1024 }
    }

    func stop() { manager.stop() }

    /// Publishes bars for a while, and looks at heartbeats meanwhile.
    func observe(seconds: Int) throws -> (ticks: Latency, beats: Latency) {
        var plan = FanoutPlan(workers: 1, long: false)
        plan.rate = Self.rate
        plan.paced = Self.rate * seconds
        let publisher = try plan.publisher(topology, .binary, ["measure", "\(plan.paced)", "\(plan.rate)"])
        var beats = Latency()
        var seen: [String: String] = [:]
        while publisher.isRunning {
            for worker in try manager.ask(.list)["workers"]?.arrayValue ?? [] {
                guard let id = worker["worker_id"]?.stringValue, let time = worker["last_heartbeat"]?.stringValue,
                    let before = seen.updateValue(time, forKey: id), before != time
                else { continue }
                beats.record(try Self.lateness(time))
            }
            // Twice in the interval of a heartbeat, so that each is seen; to ask without a rest would be a flood of its own.
            Clock.sleep(milliseconds: 500)
        }
        _ = try publisher.result(milliseconds: 1000)
        results += 1
        let measured = try plan.gather(topology.results, results)
        let arrived = measured.reduce(0) { $0 + $1.count }
        guard arrived == plan.paced else { throw BenchError("\(plan.paced - arrived) bars did not arrive") }
        guard beats.count > 0 else { throw BenchError("no heartbeat was heard") }
        return (measured.reduce(into: Latency()) { $0.add($1.latency) }, beats)
    }

    /// How long after its time a heartbeat was heard: beats fall on tenths of their interval, a second, since the machine's start.
    private static func lateness(_ time: String) throws -> Int64 {
        let fraction = time.split(separator: ".").last?.dropLast() ?? ""
        guard let microseconds = Int64(fraction), fraction.utf8.count == 6 else {
            throw BenchError("the time of a heartbeat that cannot be read: \(time)")
        }
        let step: Int64 = 100_000_000
        let start = (Clock.realtime - Clock.monotonic) % step
        return ((microseconds * 1000 - start) % step + step) % step
    }
}

/// A manager's HTTP server, as wrk asks it.
private struct APITarget {
    private let address: String
    private let token: String
    private let workspace: Workspace
    private let program: String

    init(_ manager: Manager, in workspace: Workspace) throws {
        guard let program = Files.program("wrk") else {
            throw BenchError("there is no wrk; install it, or 'make bench-api'")
        }
        guard let address = try manager.ask(.ping)["api"]?.stringValue,
            let token = try manager.ask(.token, nil, ["op": "new", "name": "bench", "scope": "read"])["token"]?
                .stringValue
        else { throw BenchError("the manager serves no HTTP") }
        (self.program, self.address, self.token, self.workspace) = (program, address, token, workspace)
    }

    /// Asks over 64 connections as fast as it is answered.
    func wrk(_ path: String, seconds: Int, isNice: Bool = false) throws -> Wrk {
        let script = "\(workspace.path)/report.lua"
        try Files.write(WrkResult.script, to: script)
        let arguments = [
            "-t", "1", "-c", "64", "-d", "\(seconds)", "-s", script, "-H", "authorization: Bearer \(token)",
            address + path,
        ]
        let output = "\(workspace.path)/wrk-\(MessageID.make())"
        guard isNice, let nice = Files.program("nice") else {
            return Wrk(child: try Child("wrk", program, arguments, output: output), seconds: seconds)
        }
        let child = try Child("wrk", nice, ["-n", "19", program] + arguments, output: output)
        return Wrk(child: child, seconds: seconds)
    }
}

/// wrk, while it runs.
private struct Wrk {
    let child: Child
    let seconds: Int

    func result() throws -> WrkResult {
        try WrkResult(try child.result(milliseconds: Int32(seconds * 1000 + 30_000)))
    }
}

/// What wrk has found; times in milliseconds.
private struct WrkResult {
    let p50: Double
    let p95: Double
    let p99: Double
    let perSecond: Double
    /// Answers that are none, or not of success.
    let errors: Int

    static let script = """
        done = function(summary, latency)
            io.write(string.format("result %f %f %f %f %d\\n", latency:percentile(50) / 1000, latency:percentile(95) / 1000,
                latency:percentile(99) / 1000, summary.requests / summary.duration * 1e6,
                summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.connect))
        end

        """

    init(_ output: String) throws {
        let line = output.split(separator: "\n").last { $0.hasPrefix("result ") } ?? ""
        let numbers = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard numbers.count == 5 else { throw BenchError("wrk said something else: \(output.suffix(200))") }
        (p50, p95, p99, perSecond) = (numbers[0], numbers[1], numbers[2], numbers[3])
        errors = Int(numbers[4])
    }
}
