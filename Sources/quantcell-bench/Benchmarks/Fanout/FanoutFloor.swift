/// The same topology in bare calls.
final class FanoutFloor {
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
