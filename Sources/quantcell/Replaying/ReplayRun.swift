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

    /// Sends everything that the manager does not have, and waits until it is as safe as it gets.
    ///
    /// - Throws: ``CommandFailure`` when the file cannot be read on, or the manager takes no more.
    mutating func run<Publisher: MessagePublisher & ~Copyable>(
        with publisher: consuming Publisher
    ) throws(CommandFailure) -> ReplaySummary {
        do throws(CommandFailure) {
            try sendRows(&publisher)
            progress.clear()
            summary.isInterrupted = Interrupt.isRequested
            summary.outcome = try publisher.finish()
            report(summary.outcome.refusals)
        } catch {
            progress.clear()
            throw error
        }
        summary.nanoseconds = MonotonicClock.nanoseconds() - start
        return summary
    }

    private mutating func sendRows<Publisher: MessagePublisher & ~Copyable>(
        _ publisher: inout Publisher
    ) throws(CommandFailure) {
        var body: [UInt8] = []
        let begin = try publisher.begin()
        summary.accepted = Int(clamping: begin.accepted)
        if begin.accepted > 0 {
            Diagnostics.print("resuming at row \(NumberText.grouped(summary.accepted + 1)) of \(plan.topic)")
        }
        /// Number of the last row that is to be published.
        var number: UInt64 = 0
        while !Interrupt.isRequested, let record = try next() {
            switch record {
            case .bad(let row):
                report(line: row.line, row.reason)
            case .row(let row) where row.eventTime < plan.range.lowerBound:
                summary.early += 1
            case .row(let row):
                // Times never go back, so nothing that follows is wanted either.
                guard row.eventTime < plan.range.upperBound else { return }
                number += 1
                if number <= begin.recorded { continue }
                // What is on its way to the disk is only kept, in case that the manager loses it.
                let isNew = number > begin.accepted
                if isNew { guard try isDue(row.eventTime, &publisher) else { return } }
                encode(row, into: &body)
                guard try publisher.send(topic: topicBytes, body: body, line: row.line) else { return }
                if isNew { summary.count(sentAt: row.eventTime) }
            }
            report(publisher.takeRefusals())
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
    private mutating func isDue<Publisher: MessagePublisher & ~Copyable>(
        _ eventTime: Int64,
        _ publisher: inout Publisher
    ) throws(CommandFailure) -> Bool {
        guard plan.speed != .max else { return true }
        let now = MonotonicClock.nanoseconds()
        guard let firstSent, let firstTime = summary.first else {
            firstSent = now
            return true
        }
        let delay = plan.speed.delay(between: firstTime, and: eventTime).components
        let nanoseconds = delay.seconds * 1_000_000_000 + delay.attoseconds / 1_000_000_000
        let (sum, overflow) = firstSent.addingReportingOverflow(nanoseconds)
        return try wait(until: overflow ? .max : sum, &publisher)
    }

    private mutating func wait<Publisher: MessagePublisher & ~Copyable>(
        until due: Int64,
        _ publisher: inout Publisher
    ) throws(CommandFailure) -> Bool {
        while !Interrupt.isRequested {
            let now = MonotonicClock.nanoseconds()
            if now >= due { return true }
            progress.update(rows: summary.sent, bytes: reader.bytesRead)
            try publisher.turn()
            MonotonicClock.sleep(until: min(due, now + Self.sliceNanoseconds))
        }
        return false
    }

    private mutating func report(_ refusals: [PublisherRefusal]) {
        for refusal in refusals { report(line: refusal.line, "refused by the manager: \(refusal.reason)") }
    }

    private mutating func report(line: Int, _ reason: String) {
        summary.bad += 1
        guard summary.bad <= Self.maxReports else { return }
        progress.clear()
        Diagnostics.print("\(plan.path):\(line): \(reason)")
        if summary.bad == Self.maxReports { Diagnostics.print("more bad rows are only counted") }
    }
}
