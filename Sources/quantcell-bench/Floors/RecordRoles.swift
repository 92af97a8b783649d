import Dispatch
import Logging
import MarketRecord
import Synchronization
import WireProtocol

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

/// Appends bars at a steady pace and takes the time of each: `PATH RING SECONDS`.
enum PacedAppenderRole {
    private static let interval: Int64 = 10_000

    static func run(_ arguments: RoleArguments) throws {
        let appender = try RecordAppender(path: arguments.text(0), ring: arguments.text(1))
        var latency = Latency()
        var due = Clock.monotonic
        let end = due + Int64(try arguments.number(2)) * 1_000_000_000
        while due < end {
            // In bursts of 1 ms, as they come from a socket: a wait for each would be longer than what is measured.
            for _ in 0..<100 {
                let begin = Clock.monotonic
                appender.append(1)
                latency.record(Clock.monotonic - begin)
            }
            due += 100 * interval
            Clock.sleep(until: due)
        }
        try appender.flush()
        appender.stop()
        print(latency.lines, terminator: "")
    }
}

/// A record with a publisher that waits where the ring is full.
final class RecordAppender {
    static let topic = "market.BTC/USDT.kline_1m"

    private let record: MarketRecord
    private let room = DispatchSemaphore(value: 0)
    private let topicBytes = Array(RecordAppender.topic.utf8)
    private var body: [UInt8] = []
    private(set) var last: UInt64
    /// The time of the next bar, and from one to the next; without it all have the time at which they are appended.
    var step: (next: Int64, by: Int64)?

    static func configuration(_ path: String) -> RecordConfiguration {
        RecordConfiguration(path: path, ringPath: "\(path).ring")
    }

    /// - Parameter ring: The ring's file, where it is not beside the database.
    init(path: String, ring: String? = nil) throws {
        var configuration = Self.configuration(path)
        if let ring { configuration.ringPath = ring }
        record = try MarketRecord(configuration, logger: Logger(label: "bench"))
        last = record.recovered[Self.topic] ?? 0
        try record.start(RecordEvents(onRoom: { [room] in room.signal() }))
        BinaryCodec.encode(BarRow.event, into: &body)
    }

    /// Appends so many bars, each stamped as the broker does it.
    func append(_ count: UInt64) {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        for _ in 0..<count {
            last += 1
            let now = nextTime()
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

    private func nextTime() -> Int64 {
        guard let time = step?.next, let interval = step?.by else { return Clock.realtime }
        step?.next = time + interval
        body.withUnsafeMutableBytes {
            $0.storeBytes(of: time.littleEndian, toByteOffset: Bare.timeOffset, as: Int64.self)
        }
        return time
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
