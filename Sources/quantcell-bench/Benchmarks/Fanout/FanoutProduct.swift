import WireProtocol

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
        var configuration = Manager.Configuration.withoutSpares
        configuration.records = records
        configuration.lane = lane
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
