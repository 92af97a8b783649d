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
        var result = try burst(topology, body)
        let (latency, measured) = try pace(topology, body, result: 2)
        result.latency = latency
        result.lost += workers * paced - measured
        return result
    }

    /// Publishes as fast as it is taken.
    func burst(_ topology: FanoutTopology, _ body: BodyKind) throws -> FanoutResult {
        let before = try topology.cpuTimes()
        let times = try publish(topology, body, ["count", "\(burst)"])
        let counted = try gather(topology.results, 1)
        let after = try topology.cpuTimes()
        let delivered = counted.reduce(0) { $0 + $1.count }
        let seconds = Double((counted.map(\.last).max() ?? 0) - times.start) / 1e9
        return FanoutResult(
            deliveriesPerSecond: Double(delivered) / seconds,
            brokerMicroseconds: Double(after.broker - before.broker) / Double(burst) / 1000,
            workerMicroseconds: Double(after.subscribers - before.subscribers) / Double(burst * workers) / 1000,
            lost: workers * burst - delivered
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
    var latency = Latency()
    let brokerMicroseconds: Double
    let workerMicroseconds: Double
    var lost: Int
}
