import WireProtocol
import ZeroMQ

/// What a published bar costs the manager as there are more topics, each of which gets one in turn.
enum TopicGrowth {
    static func measure(_ options: BenchOptions, _ counts: [Int], into report: inout Report) throws {
        let rounds = options.rounds(3, long: 9)
        let messages = options.long ? 2_000_000 : 300_000
        report.begin(
            "growth: topics on the broker, \(messages) binary bars on them in turn, \(rounds) rounds",
            notes: ["Nobody subscribes to them but one who waits for the end."]
        )
        for records in [false, true] {
            var sizes = counts.map { (name: $0 == 1 ? "1 topic" : "\($0) topics", rounds: [Double]()) }
            for round in 1...rounds {
                for (index, count) in counts.enumerated() {
                    report.progress("growth: \(count) topics, round \(round) of \(rounds)")
                    sizes[index].rounds.append(try cost(options, topics: count, messages: messages, records: records))
                }
            }
            report.add("CPU of the manager a bar, \(records ? "recorded" : "not recorded")", "µs", sizes)
        }
    }

    private static func cost(_ options: BenchOptions, topics: Int, messages: Int, records: Bool) throws -> Double {
        let workspace = try Workspace()
        var configuration = Manager.Configuration.withoutSpares
        configuration.records = records
        let manager = try Manager(options, in: workspace, configuration)
        defer { manager.stop() }
        let end = try TopicGrowthEnd(manager)
        // Once for each topic, so that all are known.
        try publish(topics, on: topics, to: manager, workspace, end)
        let before = try Clock.cpuTime(of: manager.pid)
        try publish(messages, on: topics, to: manager, workspace, end)
        return Double(try Clock.cpuTime(of: manager.pid) - before) / Double(messages) / 1000
    }

    /// Publishes, and waits until the broker has passed on the last message.
    private static func publish(
        _ messages: Int,
        on topics: Int,
        to manager: Manager,
        _ workspace: Workspace,
        _ end: TopicGrowthEnd
    ) throws {
        let child = try Child(
            role: .publish,
            [manager.feed, BodyKind.binary.rawValue, "spread", "\(messages)", "\(topics)"],
            output: "\(workspace.path)/publisher.log"
        )
        try end.wait()
        _ = try child.result(milliseconds: 10_000)
    }
}

/// Who waits for the end of what is published.
private final class TopicGrowthEnd {
    private let socket: Socket

    /// Subscribes, and waits until the broker has seen it: what it sends before does not come here.
    init(_ manager: Manager) throws {
        socket = try manager.subscriber(Publisher.endTopic)
        try join(manager)
    }

    private func join(_ manager: Manager) throws {
        let publisher = try manager.publisher()
        var body = MarketBody(.binary)
        body.setTime(Probe.Marker.warmUp.nanoseconds)
        let frames = [Array(Publisher.endTopic.utf8), body.withBytes { Array($0) }]
        try socket.set(.receiveTimeout, 10)
        let deadline = Clock.monotonic + 30_000_000_000
        repeat {
            guard Clock.monotonic < deadline else { throw BenchError("the subscription does not arrive") }
            try publisher.send(frames)
        } while try socket.receive(wait: true) == nil
    }

    func wait() throws {
        try socket.set(.receiveTimeout, 120_000)
        while true {
            guard let body = try socket.receive(wait: true)?.last else {
                throw BenchError("the last message did not come")
            }
            if Probe.Marker(of: body) == .end { return }
        }
    }
}
