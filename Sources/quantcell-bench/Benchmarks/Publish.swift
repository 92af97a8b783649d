import ArgumentParser
import WireProtocol

/// `quantcell-bench publish`
struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What one publisher can push into a manager.",
        discussion: """
            Not acknowledged: timed from the first message until the broker has taken and passed on the last; the floor is PUSH to PULL \
            in bare calls. Acknowledged: until the publisher has been told that the last one is on disk; the floor is what bare SQLite \
            inserts. Nobody subscribes.
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(name: .long, help: ArgumentHelp("Bodies: binary, json or both.", valueName: "binary,json"))
    var body = Choices<BodyKind>(BodyKind.allCases)

    func run() throws {
        try options.report { try Self.measure(options, bodies: body.values, into: &$0) }
    }

    static func measure(_ options: BenchOptions, bodies: [BodyKind], into report: inout Report) throws {
        let count = options.long ? 2_000_000 : 300_000
        let rounds = options.rounds(5, long: 11)
        report.begin(
            "publish: \(count) bars from one publisher, not acknowledged, \(rounds) rounds",
            notes: ["floor: PUSH → PULL loop in bare libzmq calls, bodies of the same size."]
        )
        for body in bodies {
            var (mine, bare): ([Double], [Double]) = ([], [])
            for round in 1...rounds {
                report.progress("publish: \(body.rawValue), round \(round) of \(rounds)")
                mine.append(try product(options, body, count))
                bare.append(try floor(body.floor, count))
            }
            report.add("\(body.rawValue), \(MarketBody(body).count) bytes", "messages/s", mine, floor: bare)
        }
        try measureAcknowledged(options, bodies, count, rounds, into: &report)
    }

    /// What is on disk when its publisher is told so.
    private static func measureAcknowledged(
        _ options: BenchOptions,
        _ bodies: [BodyKind],
        _ count: Int,
        _ rounds: Int,
        into report: inout Report
    ) throws {
        report.begin(
            "publish: \(count) bars from one publisher, acknowledged, \(rounds) rounds",
            notes: ["floor: bare sqlite3 that inserts as many rows into the same table."]
        )
        for body in bodies {
            var (mine, bare): ([Double], [Double]) = ([], [])
            for round in 1...rounds {
                report.progress("publish: \(body.rawValue), acknowledged, round \(round) of \(rounds)")
                let workspace = try Workspace()
                let manager = try Manager(options, in: workspace, .withoutSpares)
                let time = try publish(
                    to: manager.publish,
                    .publishAcknowledged,
                    [body.rawValue, "\(count)"],
                    workspace
                )
                manager.stop()
                mine.append(Double(count) / (Double(time.end - time.start) / 1e9))
                bare.append(try Record.rate(.insert, "\(workspace.path)/floor.db", count, in: workspace))
            }
            report.add("\(body.rawValue), \(MarketBody(body).count) bytes", "messages/s", mine, floor: bare)
        }
    }

    private static func product(_ options: BenchOptions, _ body: BodyKind, _ count: Int) throws -> Double {
        let workspace = try Workspace()
        let manager = try Manager(options, in: workspace, .withoutSpares)
        defer { manager.stop() }
        let start = try publish(to: manager.feed, .publish, [body.rawValue, "count", "\(count)"], workspace).start
        // Asking costs the broker a little, but a thousand times a second is nothing beside the messages.
        let expected = Int64(count + Publisher.extraMessages)
        try waitUntil("the broker has taken all messages") {
            try manager.ask(.topics)["published"]?.integerValue ?? 0 >= expected
        }
        return Double(count) / (Double(Clock.monotonic - start) / 1e9)
    }

    private static func floor(_ body: BodyKind, _ count: Int) throws -> Double {
        let workspace = try Workspace()
        let feed = "ipc://\(workspace.path)/feed"
        let name = "\(workspace.path)/pull"
        let counter = try Child(role: .pull, [feed, name], output: "\(workspace.path)/pull.log")
        let start = try publish(to: feed, .publish, [body.rawValue, "count", "\(count)"], workspace).start
        try waitUntil("the bare loop has taken all messages") {
            try counter.check()
            return Files.exists("\(name).1")
        }
        let result = try ProbeResult(reading: "\(name).1")
        guard result.count == count else { throw BenchError("the bare loop counted \(result.count) of \(count)") }
        return Double(count) / (Double(result.last - start) / 1e9)
    }

    /// Publishes, and returns when the first message was sent, and when the publisher was done.
    private static func publish(
        to address: String,
        _ role: RoleName,
        _ arguments: [String],
        _ workspace: Workspace
    ) throws -> (start: Int64, end: Int64) {
        let child = try Child(role: role, [address] + arguments, output: "\(workspace.path)/publisher.log")
        let words = try child.result(milliseconds: 120_000).split(whereSeparator: \.isWhitespace).compactMap {
            Int64($0)
        }
        guard words.count == 2 else { throw BenchError("the publisher does not say when it began") }
        return (words[0], words[1])
    }
}
