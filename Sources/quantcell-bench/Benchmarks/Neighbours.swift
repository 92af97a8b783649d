import ArgumentParser

/// `quantcell-bench neighbours`
struct Neighbours: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "What recording, and a worker that is slow, cost another worker: its latency with and without, in turns.",
        discussion: """
            One worker gets binary bars at a steady rate, 100,000 a second for recording. With recording, each bar is written to \
            SQLite meanwhile. The slow worker gets the same bars and sleeps 2 s in every 100,000th callback. What stands in the place \
            of the floor is the same manager without the one or the other.
            """
    )

    @OptionGroup var options: BenchOptions

    func run() throws {
        try options.report { try Self.measure(options, into: &$0) }
    }

    static func measure(_ options: BenchOptions, into report: inout Report) throws {
        let rounds = options.rounds(5, long: 15)
        report.begin(
            "neighbours: latency of one worker, \(rounds) rounds",
            notes: ["in the floor's place: the same without recording, and without the slow worker."]
        )
        try compare("recording", rate: 100_000, bars: options.long ? 1_000_000 : 300_000, rounds, &report) {
            try FanoutProduct(options, $0, workers: 1, records: $1)
        }
        try compare("a slow worker", rate: 50_000, bars: options.long ? 1_000_000 : 250_000, rounds, &report) {
            try FanoutProduct(options, $0, workers: 1, records: true, besides: $1 ? slow : nil)
        }
    }

    private static func compare(
        _ what: String,
        rate: Int,
        bars: Int,
        _ rounds: Int,
        _ report: inout Report,
        _ make: (Workspace, Bool) throws -> FanoutProduct
    ) throws {
        var plan = FanoutPlan(workers: 1, long: false)
        plan.rate = rate
        plan.paced = bars
        var (with, without): ([Latency], [Latency]) = ([], [])
        var lost = 0
        for round in 1...rounds {
            report.progress("neighbours: \(what), round \(round) of \(rounds)")
            for isOn in [true, false] {
                // Its folder goes with it: it has to outlive the processes in it.
                let workspace = try Workspace()
                let product = try make(workspace, isOn)
                let (latency, arrived) = try plan.pace(product.topology, .binary)
                product.stop()
                withExtendedLifetime(workspace) {}
                lost += bars - arrived
                if isOn { with.append(latency) } else { without.append(latency) }
            }
        }
        for (percent, name) in [(50.0, "median"), (99.0, "p99")] {
            report.add(
                "\(what), latency at \(rate)/s, \(name)",
                "µs",
                percent: percent,
                of: with,
                floor: without,
                per: 1000,
                target: .ratioAtMost(1.2)
            )
        }
        if lost > 0 { report.note("\(what): \(lost) bars did not arrive.") }
    }

    private static let slow = """
        import Glibc
        import StrategyKit

        @main
        final class Slow: Strategy {
            private var count = 0

            func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                count += 1
                if count % 100_000 == 0 { sleep(2) }
            }
        }
        """
}
