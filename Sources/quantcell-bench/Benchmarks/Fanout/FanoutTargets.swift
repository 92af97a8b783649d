/// What the product has to reach.
struct FanoutTargets {
    var throughput: Report.Target?
    var median: Report.Target?
    var p99: Report.Target?
    var broker: Report.Target?

    /// None.
    init() {}

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
