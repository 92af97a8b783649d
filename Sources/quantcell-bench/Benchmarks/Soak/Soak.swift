import ArgumentParser
@preconcurrency import Glibc

/// `quantcell-bench soak`
struct Soak: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Works a real manager for a while, and says whether anything grows.",
        discussion: """
            Bars are published the whole time to workers in Swift, and one in Python where python3 has pyzmq. Half of the workers are \
            killed, restarted, stopped, paused; the other half live through it all. The journal, the workers and HTTP are asked about. \
            What grows is a line through all samples after a warm-up, a third of the time: the median of the slopes between any two of \
            them, so that a single peak counts little. The exit code is 1 where anything fails.

            EXAMPLE: quantcell-bench soak --minutes 10 --workers 20
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(name: .long, help: "How long, 0.5 to 1440.")
    var minutes = 10.0

    @Option(name: .long, help: "Workers in Swift, 2 to 200.")
    var workers = 20

    @Option(name: .long, help: "Bars a second, 1 to 100000; every worker gets all of them.")
    var rate = 1000

    @Option(name: .long, help: "Seconds from one kill to the next, 0.5 to 3600.")
    var kill = 3.0

    @Option(name: .long, help: "What chooses whom and what: the same number, the same order.")
    var seed: UInt64 = 1

    func validate() throws {
        guard (0.5...1440).contains(minutes) else { throw ValidationError("--minutes must be 0.5 to 1440") }
        guard (2...200).contains(workers) else { throw ValidationError("--workers must be 2 to 200") }
        guard (1...100_000).contains(rate) else { throw ValidationError("--rate must be 1 to 100000") }
        guard (0.5...3600).contains(kill) else { throw ValidationError("--kill must be 0.5 to 3600") }
    }

    func run() throws {
        var isGood = false
        try options.report { report in
            report.begin("soak: \(Number.text(minutes)) minutes, \(workers) workers, \(rate) bars/s")
            let site = try SoakSite(options, workers: workers, rate: rate)
            defer { site.stop() }
            var run = SoakRun(site, seconds: minutes * 60, killEvery: kill, seed: seed)
            try run.run { report.progress($0) }
            isGood = SoakVerdict(run.log, site).write(into: &report)
        }
        if !isGood { throw ExitCode(1) }
    }
}
