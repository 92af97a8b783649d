internal import EventJournal
internal import MarketFiles
internal import MarketRecord
internal import WireProtocol

/// `replay`: show a worker's strategy recorded data once more, in a process of its own, and compare its signals with those of then.
///
/// Payload: `since_ns`, and optionally `until_ns`: event times; the second is left out. Done: `handled` (messages, of `messages` that
/// the times span), `same`, `missing` and
/// `extra` (numbers of signals), `missing_signals` and `extra_signals` (the first 100 of each).
enum ReplayCommand: AdminCommand {
    static let type = MessageType.replay
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let fields = PayloadFields(request)
            guard let since = try fields.integer("since_ns", from: .min) else {
                throw ManagerError(.invalidParameters, "'since_ns' is missing")
            }
            let until = try fields.integer("until_ns", from: .min)
            let worker = try control.worker(of: request)
            let topics = try topics(of: worker)
            reply.accepted()
            // By then whatever was published is in the record, and whatever was emitted in the journal.
            control.afterRecording {
                control.readThen(reply) { [id = worker.id] reader, journal in
                    try then(reader, journal, worker: id, topics, since, until)
                } done: { then in
                    show(worker, then, deadline: request.deadline, control, reply)
                }
            }
        } catch {
            reply.refused(error)
        }
    }

    /// What was then.
    private struct Then: Sendable {
        var ranges: [ReplayRange] = []
        var signals: [SignalRecord] = []
    }

    private static func topics(of worker: Worker) throws(ManagerError) -> [String] {
        guard worker.kind.isHosted else {
            throw ManagerError(
                .conflict,
                "'\(worker.id)' is an executable; only what is loaded into a worker can be shown the record"
            )
        }
        let topics = worker.config.symbols.flatMap { symbol in
            worker.config.dataTypes.map { "market.\(symbol).\($0)" }
        }
        guard !topics.isEmpty else {
            throw ManagerError(
                .conflict,
                "'\(worker.id)' names no symbols in its configuration: nothing can be shown to it"
            )
        }
        return topics
    }

    /// Finds the ranges of the time, and the signals that were emitted on them.
    private static func then(
        _ reader: RecordReader,
        _ journal: EventJournal,
        worker: String,
        _ topics: [String],
        _ since: Int64,
        _ until: Int64?
    ) throws -> Then {
        var then = Then()
        for topic in topics {
            guard let (from, to) = try reader.range(topic, since: since, until: until?.subtractingClamped(1)) else {
                continue
            }
            then.ranges.append(ReplayRange(topic: topic, from: from, to: to))
        }
        let ranges = Dictionary(then.ranges.map { ($0.topic, $0.from...$0.to) }) { first, _ in first }
        var query = SignalQuery(workerID: worker, limit: JournalQuery.maximumLimit)
        while true {
            let page = try journal.signals(matching: query)
            guard let last = page.last else { return then }
            query.afterSequence = last.seq
            then.signals += page.map(\.signal).filter { signal in
                guard let symbol = signal.symbol, let dataType = signal.dataType, let sequence = signal.sequence else {
                    return false
                }
                return ranges["market.\(symbol).\(dataType)"]?.contains(sequence) == true
            }
        }
    }

    private static func show(
        _ worker: Worker,
        _ then: Then,
        deadline: Double?,
        _ control: WorkerControl,
        _ reply: Reply
    ) {
        guard !then.ranges.isEmpty else {
            return reply.refused(ManagerError(.conflict, "nothing is recorded of that time; see 'quantcell data list'"))
        }
        control.runSandbox(worker, then.ranges, deadline: deadline) { outcome in
            reply.finish(
                outcome.map { findings in
                    let difference = SignalDifference(
                        then: then.signals.compactMap(SignalDifference.Signal.init),
                        now: findings.signals.compactMap(SignalDifference.Signal.init)
                    )
                    return difference.json.merging([
                        "handled": JSONValue(findings.handled),
                        "messages": JSONValue(then.ranges.reduce(0) { $0 + $1.count }),
                    ]) { $1 }
                }
            )
        }
    }
}
