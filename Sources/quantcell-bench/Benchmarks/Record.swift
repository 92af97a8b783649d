import ArgumentParser
import Glibc

/// `quantcell-bench record`
struct Record: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Records bars: from the intake ring to the disk, and back out again.",
        discussion: """
            The floor is bare SQLite in the same folder, through its C interface: the same table, WAL, synchronous=FULL, rows that are \
            ready to be bound, 16,384 a transaction.
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(name: .long, help: "Also measure a record of so many bars, such as 10000000.")
    var rows: Int?

    func run() throws {
        try options.report { try Self.measure(options, largest: rows, into: &$0) }
    }

    static func measure(_ options: BenchOptions, largest: Int? = nil, into report: inout Report) throws {
        let rounds = options.rounds(3, long: 7)
        let count = options.long ? 2_000_000 : 500_000
        report.begin(
            "record: \(count) bars from append to disk, \(rounds) rounds",
            notes: ["floor: bare sqlite3, same table, WAL, synchronous=FULL, 16,384 rows a transaction."]
        )
        var (mine, bare): ([Double], [Double]) = ([], [])
        for round in 1...rounds {
            report.progress("record: round \(round) of \(rounds)")
            let workspace = try Workspace()
            mine.append(try rate(.record, "\(workspace.path)/market.db", count, in: workspace))
            bare.append(try rate(.insert, "\(workspace.path)/floor.db", count, in: workspace))
        }
        report.add("bars recorded", "bars/s", mine, floor: bare, target: .atLeastOrFloor(200_000))
        try measureAppends(rounds, seconds: options.long ? 10 : 3, into: &report)
        try measureSizes([100, 1_000_000] + (largest.map { [$0] } ?? []), rounds, into: &report)
    }

    /// How long the one who accepts messages is held up by each.
    private static func measureAppends(_ rounds: Int, seconds: Int, into report: inout Report) throws {
        report.begin(
            "record: one append at 100,000 bars/s, \(rounds) rounds of \(seconds) s",
            notes: ["floor: the same with the intake ring in /dev/shm, which is in memory."]
        )
        var (mine, floor): ([Latency], [Latency]) = ([], [])
        for round in 1...rounds {
            report.progress("record: appends, round \(round) of \(rounds)")
            let workspace = try Workspace()
            let memory = "/dev/shm/quantcell-bench-\(getpid()).ring"
            defer { Files.remove(memory) }
            mine.append(try appends("\(workspace.path)/mine", ring: "\(workspace.path)/mine.ring", seconds))
            floor.append(try appends("\(workspace.path)/floor", ring: memory, seconds))
        }
        for percent in [50, 99, 99.9, 99.99] {
            report.add("\(percent) %", "µs", percent: percent, of: mine, floor: floor, per: 1000)
        }
    }

    private static func appends(_ path: String, ring: String, _ seconds: Int) throws -> Latency {
        let child = try Child(role: .append, ["\(path).db", ring, "\(seconds)"], output: "\(path).out")
        var latency = Latency()
        try latency.add(lines: child.result(milliseconds: 120_000).split(separator: "\n"))
        return latency
    }

    /// What reading and recording cost in records of several sizes; the smallest one is the floor of the others.
    private static func measureSizes(_ sizes: [Int], _ rounds: Int, into report: inout Report) throws {
        report.begin(
            "record: by the bars that are in it, \(rounds) rounds",
            notes: ["floor: the same with \(sizes[0]) bars in it."]
        )
        var results: [[Sizes]] = sizes.map { _ in [] }
        let workspaces = try sizes.map { _ in try Workspace() }
        for (size, workspace) in zip(sizes, workspaces) {
            report.progress("record: filling \(size) bars")
            _ = try rate(.record, "\(workspace.path)/market.db", size, in: workspace)
        }
        for round in 1...rounds {
            report.progress("record: sizes, round \(round) of \(rounds)")
            for (index, workspace) in workspaces.enumerated() {
                let child = try Child(
                    role: .replay,
                    ["\(workspace.path)/market.db"],
                    output: "\(workspace.path)/replay-\(round)"
                )
                results[index].append(try Sizes(child.result(milliseconds: 120_000)))
            }
        }
        for (index, size) in sizes.enumerated() {
            report.add(
                "100 bars read, \(size) in the record",
                "µs",
                results[index].map(\.read),
                floor: results[0].map(\.read),
                target: index == 0 ? nil : .ratioAtMost(1.5)
            )
        }
        for (index, size) in sizes.enumerated() {
            report.add(
                "100 bars appended and flushed, \(size) in the record",
                "µs",
                results[index].map(\.append),
                floor: results[0].map(\.append),
                target: index == 0 ? nil : .ratioAtMost(1.5)
            )
        }
    }

    private struct Sizes {
        let read: Double
        let append: Double

        init(_ text: String) throws {
            let words = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            guard words.count == 2 else { throw BenchError("a reading process does not say its times") }
            (read, append) = (words[0], words[1])
        }
    }

    static func rate(_ role: RoleName, _ path: String, _ count: Int, in workspace: Workspace) throws -> Double {
        let child = try Child(role: role, [path, "\(count)"], output: "\(workspace.path)/\(role.rawValue)")
        let text = try child.result(milliseconds: 600_000)
        guard let rate = text.split(whereSeparator: \.isWhitespace).first.flatMap({ Double($0) }) else {
            throw BenchError("a recording process does not say its rate")
        }
        return rate
    }
}
