import ArgumentParser

/// `quantcell-bench growth`
struct Growth: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "CPU time for the same piece of work as there is more of everything: workers, topics, rows in the record.",
        discussion: """
            The floor of each figure is the same figure with the least: one worker, one topic, 100 rows. What is printed is CPU time, \
            not time: of the manager and the workers for each delivered bar, of the manager for each published bar, of a process with \
            a record for each bar that is appended (100 at once, on disk) or read again (the last hour, which holds 100 bars whatever \
            came before it).

            --rows 100000000 fills a record of 11 GB in TMPDIR first, as the manager would; that takes some ten minutes.
            """
    )

    /// What there may be more of.
    enum Subject: String, CaseIterable {
        case workers
        case topics
        case rows
    }

    @OptionGroup var options: BenchOptions

    @Option(name: .long, help: ArgumentHelp("What there is more of.", valueName: "workers,topics,rows"))
    var of = Choices<Subject>(Subject.allCases)

    @Option(
        name: .long,
        help: "The largest record, up to 1,000,000,000 rows: 100, then a hundred times as many, up to this."
    )
    var rows = 10_000_000

    @Option(name: .long, help: "The most topics, up to 10,000: 1, then a hundred times as many, up to this.")
    var topics = 10_000

    @Option(name: .long, help: "The most workers, up to 200: 1, then four times as many, up to this.")
    var workers = 64

    func validate() throws {
        guard (100...1_000_000_000).contains(rows) else { throw ValidationError("--rows must be 100 to 1000000000") }
        guard (1...10_000).contains(topics) else { throw ValidationError("--topics must be 1 to 10000") }
        guard (1...200).contains(workers) else { throw ValidationError("--workers must be 1 to 200") }
    }

    func run() throws {
        try options.report { report in
            for subject in of.values {
                switch subject {
                case .workers:
                    try WorkerGrowth.measure(options, Self.sizes(from: 1, to: workers, by: 4), into: &report)
                case .topics:
                    try TopicGrowth.measure(options, Self.sizes(from: 1, to: topics, by: 100), into: &report)
                case .rows: try RowGrowth.measure(options, Self.sizes(from: 100, to: rows, by: 100), into: &report)
                }
            }
        }
    }

    /// Sizes that grow by a factor, and the last one.
    static func sizes(from first: Int, to last: Int, by factor: Int) -> [Int] {
        var sizes: [Int] = []
        var size = first
        while size < last {
            sizes.append(size)
            size *= factor
        }
        return sizes + [last]
    }

    /// How much more the same may cost with more of something.
    static let target = Report.Target.ratioAtMost(1.2)
}

extension Report {
    /// Adds the figures of several sizes, each by that of the first one.
    mutating func add(_ name: String, _ unit: String, _ sizes: [(name: String, rounds: [Double])]) {
        for (index, size) in sizes.enumerated() {
            add(
                "\(name), \(size.name)",
                unit,
                size.rounds,
                floor: sizes[0].rounds,
                target: index == 0 ? nil : Growth.target
            )
        }
    }
}
