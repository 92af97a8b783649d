import ArgumentParser
import WireProtocol

/// The root command.
struct QuantcellBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantcell-bench",
        abstract: "Measures QuantCell, each figure beside its floor in the same run.",
        discussion: """
            The floor is the same work in bare calls: libzmq without a manager, a process without a protocol, SQLite without a \
            journal. Product and floor take turns, in processes of their own, for several rounds; a figure is the median of the \
            rounds with the lowest and the highest, and so is the ratio of the two. Where the floor itself differs by more than \
            half between rounds, the machine was too busy, and the report says so.

            It uses the quantcell-manager and quantcell-worker beside it. Build all of them with optimisation: make build.
            """,
        version: QuantCell.version,
        subcommands: [
            All.self, Fanout.self, Publish.self, Codec.self, Start.self, Recover.self, Memory.self, Idle.self,
            Journal.self, Record.self, Neighbours.self, Requests.self, Growth.self, Soak.self,
        ],
        defaultSubcommand: All.self
    )
}

/// `quantcell-bench all`
struct All: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs every benchmark (the default).")

    @OptionGroup var options: BenchOptions

    func run() throws {
        try options.report { report in
            try Codec.measure(options, into: &report)
            try Start.measure(options, into: &report)
            try Recover.measure(options, into: &report)
            try Memory.measure(options, into: &report)
            try Idle.measure(options, into: &report)
            try Journal.measure(options, into: &report)
            try Record.measure(options, into: &report)
            try Neighbours.measure(options, into: &report)
            try Publish.measure(options, bodies: BodyKind.allCases, into: &report)
            try Fanout.measure(options, .zmq, workers: [1, 4, 16], bodies: BodyKind.allCases, into: &report)
            try Fanout.measure(options, .shm, bodies: [.binary], into: &report)
            for lane in BenchLane.allCases {
                try Fanout.measure(options, lane, workers: [4], bodies: [.binary], records: true, into: &report)
            }
            try TopicGrowth.measure(options, Growth.sizes(from: 1, to: 10_000, by: 100), into: &report)
            try RowGrowth.measure(options, Growth.sizes(from: 100, to: 1_000_000, by: 100), into: &report)
        }
    }
}

/// What every benchmark may be told.
struct BenchOptions: ParsableArguments {
    @Flag(name: .long, help: "More rounds, longer ones: many minutes instead of a few.")
    var long = false

    @Flag(name: .long, help: "Print the report as one JSON object.")
    var json = false

    @Option(name: .long, help: "Rounds of each measurement, 1 to 100 (default: by the measurement).")
    var rounds: Int?

    @Option(
        name: .long,
        help: "The folder of quantcell-manager and quantcell-worker (default: that of quantcell-bench)."
    )
    var binaries: String?

    func validate() throws {
        if let rounds, !(1...100).contains(rounds) { throw ValidationError("--rounds must be 1 to 100") }
    }

    /// How many rounds to take.
    func rounds(_ short: Int, long: Int) -> Int { rounds ?? (self.long ? long : short) }

    /// Runs `measure` and prints what it found.
    func report(_ measure: (inout Report) throws -> Void) throws {
        var report = Report(showsProgress: !json)
        try measure(&report)
        report.finish()
        print(json ? report.json.text : report.text)
    }

    /// The folder of the programs that are measured.
    var binaryFolder: String { binaries ?? Files.executableFolder }
}
