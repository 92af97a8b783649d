import ArgumentParser
import WireProtocol

/// `quantcell-bench fanout`
struct Fanout: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "From one publisher over the broker to many workers: throughput, and latency at a low rate.",
        discussion: """
            The same publisher feeds the manager, with workers that run a Swift strategy, and the floor: a PULL to PUB forwarder and \
            plain SUB loops, all in bare libzmq calls, which read each frame and its time. Nothing is recorded, with --record by the \
            manager only. Latency is from the time at which a bar was due to the strategy's onBar.
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

    @Flag(name: .long, help: "Record all bars.")
    var record = false

    func run() throws {
        try options.report { report in
            for lane in lane.values {
                try Self.measure(
                    options,
                    lane,
                    workers: workers?.values,
                    bodies: body.values,
                    records: record,
                    into: &report
                )
            }
        }
    }

    static func measure(
        _ options: BenchOptions,
        _ lane: BenchLane,
        workers: [Int]? = nil,
        bodies: [BodyKind],
        records: Bool = false,
        into report: inout Report
    ) throws {
        let rounds = options.rounds(3, long: 9)
        for body in bodies {
            report.begin(
                "fanout, \(lane.name): \(body.rawValue) bars of \(MarketBody(body).count) bytes\(records ? ", recorded" : ""), \(rounds) rounds",
                notes: ["floor: PULL → PUB → SUB loops in bare libzmq calls, bodies of the same size, no numbering."]
            )
            var costs: [(workers: Int, microseconds: [Double])] = []
            for count in workers ?? [1, 4, 16, 64] {
                costs.append((count, try measure(options, lane, count, body, records, rounds, into: &report)))
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
        _ records: Bool,
        _ rounds: Int,
        into report: inout Report
    ) throws -> [Double] {
        let plan = FanoutPlan(workers: workers, long: options.long)
        var (mine, bare): ([FanoutResult], [FanoutResult]) = ([], [])
        for round in 1...rounds {
            report.progress("fanout: \(lane), \(body.rawValue), \(workers) workers, round \(round) of \(rounds)")
            let workspace = try Workspace()
            let product = try FanoutProduct(options, workspace, workers: workers, records: records, lane: lane)
            mine.append(try plan.run(product.topology, body))
            product.stop()
            let floor = try FanoutFloor(workspace, workers: workers)
            bare.append(try plan.run(floor.topology, body.floor))
            floor.stop()
        }
        let who = workers == 1 ? "1 worker" : "\(workers) workers"
        // What has to be reached was said of what is not recorded, as the floor is not.
        let targets = records ? FanoutTargets() : FanoutTargets(lane, body, workers)
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
