import MarketFiles
import WireProtocol

/// Reads a file and publishes its rows, at the pace that was asked for.
struct ReplayRun: ~Copyable {
    /// How the rows are sent.
    struct Plan {
        let path: String
        let topic: Topic
        let speed: ReplaySpeed
        /// Event times that are sent, from the first to before the second.
        let range: Range<Int64>
        /// Whether bodies are JSON instead of binary.
        let usesJSON: Bool
    }

    /// How many bad rows are shown; more are counted.
    private static let maxReports = 100
    /// How often a waiting replay looks whether the user wants to stop.
    private static let sliceNanoseconds: Int64 = 100_000_000

    private let plan: Plan
    private let topicBytes: [UInt8]
    private let start = MonotonicClock.nanoseconds()
    private var reader: MarketFileReader
    private var progress: ReplayProgress
    private var summary: ReplaySummary
    /// When the first row was sent, on the monotonic clock: what all the others are measured from.
    private var firstSent: Int64?

    init(_ plan: Plan, reader: consuming MarketFileReader) {
        self.plan = plan
        topicBytes = Array(plan.topic.description.utf8)
        progress = ReplayProgress(fileBytes: reader.fileSize, now: start)
        summary = ReplaySummary(topic: plan.topic)
        self.reader = reader
    }

    /// Sends everything, and waits until the manager has taken it.
    ///
    /// - Throws: ``CommandFailure`` when the file cannot be read on, or the manager takes no more.
    mutating func run(with publisher: consuming FeedPublisher) throws(CommandFailure) -> ReplaySummary {
        do throws(CommandFailure) {
            try sendRows(publisher)
        } catch {
            progress.clear()
            throw error
        }
        progress.clear()
        summary.isInterrupted = Interrupt.isRequested
        try publisher.finish()
        summary.nanoseconds = MonotonicClock.nanoseconds() - start
        return summary
    }

    private mutating func sendRows(_ publisher: borrowing FeedPublisher) throws(CommandFailure) {
        var body: [UInt8] = []
        while !Interrupt.isRequested, let record = try next() {
            switch record {
            case .bad(let row):
                report(row)
            case .row(let row) where row.eventTime < plan.range.lowerBound:
                summary.early += 1
            case .row(let row):
                // Times never go back, so nothing that follows is wanted either.
                guard row.eventTime < plan.range.upperBound, isDue(row.eventTime) else { return }
                encode(row, into: &body)
                guard try publisher.send(topic: topicBytes, body: body) else { return }
                summary.count(sentAt: row.eventTime)
            }
            progress.update(rows: summary.sent, bytes: reader.bytesRead)
        }
    }

    private mutating func next() throws(CommandFailure) -> MarketFileReader.Record? {
        do throws(MarketFileError) {
            return try reader.next()
        } catch {
            throw .noInput("\(error)")
        }
    }

    private func encode(_ row: MarketRow, into body: inout [UInt8]) {
        let event = MarketEvent(eventTime: row.eventTime, payload: row.payload)
        if plan.usesJSON {
            body = JSONCodec.encode(event, topic: plan.topic, source: "quantcell replay")
        } else {
            body.removeAll(keepingCapacity: true)
            BinaryCodec.encode(event, into: &body)
        }
    }

    /// Waits until a row is due, by an absolute deadline: late wake-ups do not add up.
    ///
    /// - Returns: `false` when the user has asked to stop.
    private mutating func isDue(_ eventTime: Int64) -> Bool {
        guard plan.speed != .max else { return true }
        let now = MonotonicClock.nanoseconds()
        guard let firstSent, let firstTime = summary.first else {
            firstSent = now
            return true
        }
        let delay = plan.speed.delay(between: firstTime, and: eventTime).components
        let nanoseconds = delay.seconds * 1_000_000_000 + delay.attoseconds / 1_000_000_000
        let (sum, overflow) = firstSent.addingReportingOverflow(nanoseconds)
        return wait(until: overflow ? .max : sum)
    }

    private mutating func wait(until due: Int64) -> Bool {
        while !Interrupt.isRequested {
            let now = MonotonicClock.nanoseconds()
            if now >= due { return true }
            progress.update(rows: summary.sent, bytes: reader.bytesRead)
            MonotonicClock.sleep(until: min(due, now + Self.sliceNanoseconds))
        }
        return false
    }

    private mutating func report(_ row: BadRow) {
        summary.bad += 1
        guard summary.bad <= Self.maxReports else { return }
        progress.clear()
        Diagnostics.print("\(plan.path):\(row.line): \(row.reason)")
        if summary.bad == Self.maxReports { Diagnostics.print("more bad rows are only counted") }
    }
}
