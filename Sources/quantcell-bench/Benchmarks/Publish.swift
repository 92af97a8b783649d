import ArgumentParser
import WireProtocol

/// `quantcell-bench publish`
struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What one publisher can push into a manager.",
        discussion: """
            Without acknowledgement; there is none yet. Timed from the first message until the broker has taken and passed on the last. \
            Nobody subscribes. The floor is PUSH to PULL in bare calls.
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
    }

    private static func product(_ options: BenchOptions, _ body: BodyKind, _ count: Int) throws -> Double {
        let workspace = try Workspace()
        var configuration = Manager.Configuration()
        configuration.spares = 0
        configuration.maxSpares = 0
        let manager = try Manager(options, in: workspace, configuration)
        defer { manager.stop() }
        let start = try publish(to: manager.feed, body, count, workspace)
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
        let start = try publish(to: feed, body, count, workspace)
        try waitUntil("the bare loop has taken all messages") {
            try counter.check()
            return Files.exists("\(name).1")
        }
        let result = try ProbeResult(reading: "\(name).1")
        guard result.count == count else { throw BenchError("the bare loop counted \(result.count) of \(count)") }
        return Double(count) / (Double(result.last - start) / 1e9)
    }

    /// Publishes, and returns when the first message was sent.
    private static func publish(to feed: String, _ body: BodyKind, _ count: Int, _ workspace: Workspace) throws -> Int64
    {
        let child = try Child(
            role: .publish,
            [feed, body.rawValue, "count", "\(count)"],
            output: "\(workspace.path)/publisher.log"
        )
        let words = try child.result(milliseconds: 120_000).split(whereSeparator: \.isWhitespace).compactMap {
            Int64($0)
        }
        guard words.count == 2 else { throw BenchError("the publisher does not say when it began") }
        return words[0]
    }
}
