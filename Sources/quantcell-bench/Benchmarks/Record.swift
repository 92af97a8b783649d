import ArgumentParser
import Dispatch
import Logging
import MarketRecord
import Synchronization
import WireProtocol

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
        report.add("bars recorded", "bars/s", mine, floor: bare, target: .ratioAtLeast(0.8))
        try measureSizes([100, 1_000_000] + (largest.map { [$0] } ?? []), rounds, into: &report)
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

    private static func rate(_ role: RoleName, _ path: String, _ count: Int, in workspace: Workspace) throws -> Double {
        let child = try Child(role: role, [path, "\(count)"], output: "\(workspace.path)/\(role.rawValue)")
        let text = try child.result(milliseconds: 600_000)
        guard let rate = text.split(whereSeparator: \.isWhitespace).first.flatMap({ Double($0) }) else {
            throw BenchError("a recording process does not say its rate")
        }
        return rate
    }
}

/// Appends bars to a record in a process of its own: `PATH COUNT`.
enum RecorderRole {
    static func run(_ arguments: RoleArguments) throws {
        let count = try UInt64(arguments.number(1))
        let appender = try RecordAppender(path: arguments.text(0))
        let begin = Clock.monotonic
        appender.append(count)
        try appender.flush()
        let end = Clock.monotonic
        appender.stop()
        print(Double(count) * 1e9 / Double(end - begin))
    }
}

/// Reads bars from a record, and appends to it, in a process of its own: `PATH`.
enum ReplayRole {
    private static let repetitions = 200

    static func run(_ arguments: RoleArguments) throws {
        let configuration = RecordAppender.configuration(try arguments.text(0))
        let appender = try RecordAppender(path: arguments.text(0))
        let last = appender.last
        let reader = try RecordReader(configuration)
        var random = SystemRandomNumberGenerator()
        var (reads, appends): ([Double], [Double]) = ([], [])
        for _ in 0..<repetitions {
            let from = UInt64.random(in: 1...max(1, last - 99), using: &random)
            let begin = Clock.monotonic
            let chunk = try reader.messages(
                [RecordRange(topic: RecordAppender.topic, from: from, to: from + 99)],
                limit: 100,
                maxBytes: 1 << 20,
                format: .binary
            )
            reads.append(Double(Clock.monotonic - begin) / 1000)
            guard chunk.messages.count == 100 else { throw BenchError("\(chunk.messages.count) of 100 bars were read") }
        }
        for _ in 0..<repetitions {
            let begin = Clock.monotonic
            appender.append(100)
            try appender.flush()
            appends.append(Double(Clock.monotonic - begin) / 1000)
        }
        appender.stop()
        print(Figure.median(reads), Figure.median(appends))
    }
}

/// A record with a publisher that waits where the ring is full.
private final class RecordAppender {
    static let topic = "market.BTC/USDT.kline_1m"

    private let record: MarketRecord
    private let room = DispatchSemaphore(value: 0)
    private let topicBytes = Array(RecordAppender.topic.utf8)
    private var body: [UInt8] = []
    private(set) var last: UInt64

    static func configuration(_ path: String) -> RecordConfiguration {
        RecordConfiguration(path: path, ringPath: "\(path).ring")
    }

    init(path: String) throws {
        record = try MarketRecord(Self.configuration(path), logger: Logger(label: "bench"))
        last = record.recovered[Self.topic] ?? 0
        try record.start(RecordEvents(onRoom: { [room] in room.signal() }))
        BinaryCodec.encode(BarRow.event, into: &body)
    }

    /// Appends so many bars, each stamped as the broker does it.
    func append(_ count: UInt64) {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        for _ in 0..<count {
            last += 1
            let now = Clock.realtime
            body.withUnsafeMutableBytes { BinaryCodec.stamp($0, sequence: last, receiveTime: now) }
            while true {
                let isTaken = topicBytes.withUnsafeBytes { topic in
                    body.withUnsafeBytes { body in
                        record.append(
                            topic: topic,
                            body: body,
                            sequence: last,
                            receiveTime: now,
                            publisher: none,
                            number: 0
                        )
                    }
                }
                if isTaken { break }
                room.wait()
            }
        }
    }

    /// Waits until all that was appended is on disk.
    func flush() throws {
        let done = DispatchSemaphore(value: 0)
        let failure = Mutex<RecordError?>(nil)
        record.flush { result in
            if case .failure(let error) = result { failure.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let failure = failure.withLock({ $0 }) { throw BenchError("the record: \(failure)") }
    }

    func stop() { record.stop() }
}
