/// What a delivered bar costs as there are more workers that get it.
enum WorkerGrowth {
    static func measure(_ options: BenchOptions, _ counts: [Int], into report: inout Report) throws {
        let rounds = options.rounds(3, long: 9)
        report.begin("growth: workers on the ring, binary bars, \(rounds) rounds")
        var workers = counts.map { (name: Self.name($0), rounds: [Double]()) }
        var all = workers
        for round in 1...rounds {
            for (index, count) in counts.enumerated() {
                report.progress("growth: \(count) workers, round \(round) of \(rounds)")
                let workspace = try Workspace()
                let product = try FanoutProduct(options, workspace, workers: count, lane: .shm)
                let plan = FanoutPlan(workers: count, long: options.long)
                let result = try plan.burst(product.topology, .binary)
                product.stop()
                workers[index].rounds.append(result.workerMicroseconds)
                // The manager's share of one worker's bar.
                all[index].rounds.append(result.workerMicroseconds + result.brokerMicroseconds / Double(count))
            }
        }
        report.add("CPU a delivery, worker", "µs", workers)
        report.add("CPU a delivery, worker and its share of the manager", "µs", all)
    }

    private static func name(_ count: Int) -> String { count == 1 ? "1 worker" : "\(count) workers" }
}
