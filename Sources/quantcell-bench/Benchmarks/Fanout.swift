import ArgumentParser
import WireProtocol

/// `quantcell-bench fanout`
struct Fanout: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "From one publisher over the broker to many workers: throughput, and latency at a low rate.",
        discussion: """
            The same publisher feeds the manager, with workers that run a Swift strategy, and the floor: a PULL to PUB forwarder and \
            plain SUB loops, all in bare libzmq calls, which read each frame and its time. Nothing is recorded on either side. Latency \
            is from the time at which a bar was due to the strategy's onBar.
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(
        name: .long,
        help: ArgumentHelp("How many workers, one measurement for each (default: 1,4,16,64).", valueName: "1,4")
    )
    var workers: WorkerCounts?

    @Option(name: .long, help: ArgumentHelp("By which way: shm, zmq or both.", valueName: "shm,zmq"))
    var lane = Choices<BenchLane>(BenchLane.allCases)

    @Option(name: .long, help: ArgumentHelp("Bodies: binary, json or both.", valueName: "binary,json"))
    var body = Choices<BodyKind>(BodyKind.allCases)

    func run() throws {
        try options.report { report in
            for lane in lane.values {
                try Self.measure(options, lane, workers: workers?.values, bodies: body.values, into: &report)
            }
        }
    }

    static func measure(
        _ options: BenchOptions,
        _ lane: BenchLane,
        workers: [Int]? = nil,
        bodies: [BodyKind],
        into report: inout Report
    ) throws {
        let rounds = options.rounds(3, long: 9)
        for body in bodies {
            report.begin(
                "fanout, \(lane.name): \(body.rawValue) bars of \(MarketBody(body).count) bytes, \(rounds) rounds",
                notes: ["floor: PULL → PUB → SUB loops in bare libzmq calls, bodies of the same size, no numbering."]
            )
            var costs: [(workers: Int, microseconds: [Double])] = []
            for count in workers ?? [1, 4, 16, 64] {
                costs.append((count, try measure(options, lane, count, body, rounds, into: &report)))
            }
            if let first = costs.first, let last = costs.last, costs.count > 1, lane == .shm {
                report.add(
                    "CPU of a worker a message, \(last.workers) workers by \(first.workers)",
                    "µs",
                    last.microseconds,
                    floor: first.microseconds,
                    target: .ratioAtMost(1.2)
                )
                report.note("The floor of the last row is the same figure with \(first.workers).")
            }
        }
    }

    /// - Returns: The CPU time of a worker a message, in microseconds, of each round.
    private static func measure(
        _ options: BenchOptions,
        _ lane: BenchLane,
        _ workers: Int,
        _ body: BodyKind,
        _ rounds: Int,
        into report: inout Report
    ) throws -> [Double] {
        let plan = FanoutPlan(workers: workers, long: options.long)
        var (mine, bare): ([FanoutResult], [FanoutResult]) = ([], [])
        for round in 1...rounds {
            report.progress("fanout: \(lane), \(body.rawValue), \(workers) workers, round \(round) of \(rounds)")
            let workspace = try Workspace()
            let product = try FanoutProduct(options, workspace, workers: workers, lane: lane)
            mine.append(try plan.run(product.topology, body))
            product.stop()
            let floor = try FanoutFloor(workspace, workers: workers)
            bare.append(try plan.run(floor.topology, body.floor))
            floor.stop()
        }
        let who = workers == 1 ? "1 worker" : "\(workers) workers"
        let targets = FanoutTargets(lane, body, workers)
        report.add(
            "\(who), throughput",
            "deliveries/s",
            mine.map(\.deliveriesPerSecond),
            floor: bare.map(\.deliveriesPerSecond),
            target: targets.throughput
        )
        for (percent, name, target) in [(50.0, "median", targets.median), (99.0, "p99", targets.p99)] {
            report.add(
                "\(who), latency at \(plan.rate)/s, \(name)",
                "µs",
                percent: percent,
                of: mine.map(\.latency),
                floor: bare.map(\.latency),
                per: 1000,
                target: target
            )
        }
        report.add(
            "\(who), CPU of the manager a message",
            "µs",
            mine.map(\.brokerMicroseconds),
            floor: bare.map(\.brokerMicroseconds),
            target: targets.broker
        )
        report.add(
            "\(who), CPU of a worker a message",
            "µs",
            mine.map(\.workerMicroseconds),
            floor: bare.map(\.workerMicroseconds)
        )
        let lost = mine.map(\.lost).reduce(0, +)
        if lost > 0 { report.note("\(who): \(lost) messages did not arrive.") }
        return mine.map(\.workerMicroseconds)
    }
}

/// A way of market data to workers.
enum BenchLane: String, CaseIterable {
    case shm
    case zmq

    var name: String {
        switch self {
        case .shm: "shared memory"
        case .zmq: "ZeroMQ"
        }
    }
}

/// What the product has to reach.
struct FanoutTargets {
    var throughput: Report.Target?
    var median: Report.Target?
    var p99: Report.Target?
    var broker: Report.Target?

    init(_ lane: BenchLane, _ body: BodyKind, _ workers: Int) {
        switch (lane, body) {
        case (.shm, .binary):
            if workers == 16 { throughput = .ratioAtLeast(5) }
            if workers == 16 || workers == 64 { median = .ratioAtMost(0.45) }
        case (.zmq, .binary):
            if workers <= 16 { throughput = .ratioAtLeast(0.9) }
            median = .ratioAtMost(1.25)
            p99 = .ratioAtMost(1.5)
            broker = .atMostAboveFloor(0.5)
        case (.zmq, _): if workers == 4 { throughput = .ratioAtLeast(0.5) }
        default: break
        }
    }
}

/// One publisher's way to many subscribers.
struct FanoutTopology {
    let feed: String
    /// Where the subscribers write their results.
    let results: [String]
    /// The process between feed and subscribers.
    let broker: Int32
    let subscribers: [Int32]

    /// The CPU time of all that the broker, and all that the subscribers have used.
    func cpuTimes() throws -> (broker: Int64, subscribers: Int64) {
        (try Clock.cpuTime(of: broker), try subscribers.reduce(0) { try $0 + Clock.cpuTime(of: $1) })
    }
}

/// What a publisher is to do.
struct FanoutPlan {
    let workers: Int
    /// Messages as fast as they are taken.
    let burst: Int
    /// Messages at their time.
    var paced: Int
    /// Messages a second when they are paced.
    var rate = 1000

    init(workers: Int, long: Bool) {
        self.workers = workers
        let deliveries = long ? 2_000_000 : 400_000
        burst = max(deliveries / workers, 20_000)
        paced = long ? 20_000 : 3000
    }

    /// Publishes into a feed, first fast and then paced, and gathers what the subscribers wrote.
    func run(_ topology: FanoutTopology, _ body: BodyKind) throws -> FanoutResult {
        let before = try topology.cpuTimes()
        let times = try publish(topology, body, ["count", "\(burst)"])
        let counted = try gather(topology.results, 1)
        let after = try topology.cpuTimes()
        let (latency, measured) = try pace(topology, body, result: 2)
        let delivered = counted.reduce(0) { $0 + $1.count }
        let seconds = Double((counted.map(\.last).max() ?? 0) - times.start) / 1e9
        return FanoutResult(
            deliveriesPerSecond: Double(delivered) / seconds,
            latency: latency,
            brokerMicroseconds: Double(after.broker - before.broker) / Double(burst) / 1000,
            workerMicroseconds: Double(after.subscribers - before.subscribers) / Double(burst * workers) / 1000,
            lost: workers * burst - delivered + workers * paced - measured
        )
    }

    /// Publishes bars at their time.
    ///
    /// - Returns: How old they were, and how many arrived.
    func pace(_ topology: FanoutTopology, _ body: BodyKind, result: Int = 1) throws -> (Latency, arrived: Int) {
        _ = try publish(topology, body, ["measure", "\(paced)", "\(rate)"])
        let measured = try gather(topology.results, result)
        var latency = Latency()
        for result in measured { latency.add(result.latency) }
        return (latency, measured.reduce(0) { $0 + $1.count })
    }

    private func publish(
        _ topology: FanoutTopology,
        _ body: BodyKind,
        _ command: [String]
    ) throws -> (start: Int64, end: Int64) {
        let child = try publisher(topology, body, command)
        let words = try child.result(milliseconds: 120_000).split(whereSeparator: \.isWhitespace).compactMap {
            Int64($0)
        }
        guard words.count == 2 else { throw BenchError("the publisher does not say when it began") }
        return (words[0], words[1])
    }

    /// Begins to publish.
    func publisher(_ topology: FanoutTopology, _ body: BodyKind, _ command: [String]) throws -> Child {
        try Child(
            role: .publish,
            [topology.feed, body.rawValue] + command,
            output: "\(topology.results[0]).publisher-\(command[0])"
        )
    }

    func gather(_ results: [String], _ number: Int) throws -> [ProbeResult] {
        try waitUntil("every subscriber has its last message", seconds: 120) {
            results.allSatisfy { Files.exists("\($0).\(number)") }
        }
        return try results.map { try ProbeResult(reading: "\($0).\(number)") }
    }
}

/// What a round found.
struct FanoutResult {
    let deliveriesPerSecond: Double
    let latency: Latency
    let brokerMicroseconds: Double
    let workerMicroseconds: Double
    let lost: Int
}

/// A manager and workers.
final class FanoutProduct {
    private let manager: Manager
    let topology: FanoutTopology

    /// - Parameters:
    ///   - records: Whether market data is recorded.
    ///   - besides: A strategy that runs beside the workers, on the same data.
    ///   - lane: How market data comes to them; without it as by default.
    init(
        _ options: BenchOptions,
        _ workspace: Workspace,
        workers: Int,
        records: Bool = false,
        besides: String? = nil,
        lane: BenchLane? = nil
    ) throws {
        var configuration = Manager.Configuration()
        configuration.records = records
        configuration.lane = lane
        // None is to be spawned while something is measured.
        configuration.spares = 0
        configuration.maxSpares = 0
        manager = try Manager(options, in: workspace, configuration)
        let folder = manager.folder
        let probe = try Probe.write(to: folder)
        let names = (1...workers).map { "w\($0)" }
        try manager.ask(.start, payloads: names.map { Manager.start($0, probe, params: ["folder": .string(folder)]) })
        if let besides {
            try Files.write(besides, to: "\(folder)/besides.swift")
            try manager.ask(.start, payloads: [Manager.start("besides", "\(folder)/besides.swift")])
        }
        topology = FanoutTopology(
            feed: manager.feed,
            results: names.map { "\(folder)/\($0)" },
            broker: manager.pid,
            subscribers: try names.map { [manager] in try manager.status($0).pid }
        )
    }

    func stop() {
        manager.stop()
    }
}

/// The same topology in bare calls.
private final class FanoutFloor {
    let topology: FanoutTopology
    private let children: [Child]

    init(_ workspace: Workspace, workers: Int) throws {
        let folder = workspace.path
        let feed = "ipc://\(folder)/feed"
        let data = "ipc://\(folder)/data"
        let ready = "\(folder)/ready"
        let log = "\(folder)/bare.log"
        let results = (1...workers).map { "\(folder)/bare\($0)" }
        let forwarder = try Child(role: .forward, [feed, data, "\(workers)", ready], output: log)
        let topic = "market.\(Probe.symbol).\(Probe.dataType)"
        let subscribers = try results.map { try Child(role: .subscribe, [data, topic, $0], output: log) }
        children = [forwarder] + subscribers
        topology = FanoutTopology(
            feed: feed,
            results: results,
            broker: forwarder.pid,
            subscribers: subscribers.map(\.pid)
        )
        try waitUntil("all bare subscribers have come") { Files.exists(ready) }
    }

    func stop() {
        for child in children { child.kill() }
    }
}

/// Numbers with commas between them, on the command line.
struct WorkerCounts: ExpressibleByArgument, CustomStringConvertible {
    let values: [Int]

    var description: String { values.map(String.init).joined(separator: ",") }

    init(values: [Int]) {
        self.values = values
    }

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = words.compactMap { Int($0) }.filter { (1...200).contains($0) }
        guard !values.isEmpty, values.count == words.count else { return nil }
    }
}

/// Words with commas between them, on the command line.
struct Choices<Value: RawRepresentable<String> & CaseIterable & Sendable>: ExpressibleByArgument, Sendable {
    let values: [Value]

    init(_ values: [Value]) {
        self.values = values
    }

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = words.compactMap { word in Value.allCases.first { $0.rawValue == word } }
        guard !values.isEmpty, values.count == words.count else { return nil }
    }

    var defaultValueDescription: String { values.map(\.rawValue).joined(separator: ",") }
}
