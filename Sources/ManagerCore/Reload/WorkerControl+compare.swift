internal import EventJournal
internal import MarketRecord
internal import WireProtocol
internal import ZeroMQ

// Two versions of a strategy on the same recorded data.
extension WorkerControl {
    /// How long each version may take.
    private static let comparisonTime = Duration.seconds(300)

    /// Shows both versions the last `count` messages of each topic, after as many that warm them up; both begin anew, as strategies without
    /// a past do.
    func compare(
        _ old: String,
        _ new: String,
        _ worker: Worker,
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        _ count: Int,
        _ done: @escaping (Result<SignalComparison, ManagerError>) -> Void
    ) {
        let topics = worker.topics
        afterRecording { [unowned self] in
            readLatest(topics, count) { [unowned self] result in
                switch result {
                case .success(let ranges): compare(old, new, worker, config, kind, ranges, done)
                case .failure(let error): done(.failure(error))
                }
            }
        }
    }

    private func readLatest(
        _ topics: [String],
        _ count: Int,
        _ done: @escaping (Result<ComparedRanges, ManagerError>) -> Void
    ) {
        let crossing = Crossing(done)
        Task.detached { [record, loop] in
            let result = Result { try ComparedRanges(RecordReader(record.configuration), topics, UInt64(count)) }
                .mapError { ManagerError(.internalError, "what is recorded cannot be read: \($0)") }
            loop.execute { crossing.value(result) }
        }
    }

    private func compare(
        _ old: String,
        _ new: String,
        _ worker: Worker,
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        _ ranges: ComparedRanges,
        _ done: @escaping (Result<SignalComparison, ManagerError>) -> Void
    ) {
        guard !ranges.shown.isEmpty else {
            return done(
                .failure(ManagerError(.conflict, "nothing is recorded of its topics: there is nothing to compare"))
            )
        }
        show(ranges.shown, to: old, worker.config, worker.kind, as: worker.id, within: Self.comparisonTime) {
            [unowned self] outcome in
            switch outcome {
            case .failure(let error): done(.failure(error))
            case .success(let before):
                show(ranges.shown, to: new, config, kind, as: worker.id, within: Self.comparisonTime) { outcome in
                    done(
                        outcome.map {
                            SignalComparison(ranges: ranges.compared, old: before.signals, new: $0.signals)
                        }
                    )
                }
            }
        }
    }
}

/// What two versions of a strategy are shown, and what of it is compared.
private struct ComparedRanges: Sendable {
    /// How many messages warm both versions up at least, where there are so many.
    private static let warmUp: UInt64 = 1000

    var shown: [ReplayRange] = []
    var compared: [ReplayRange] = []

    /// The last `count` messages of each topic, and as many before them.
    init(_ reader: RecordReader, _ topics: [String], _ count: UInt64) throws {
        for topic in topics {
            guard let (from, to) = try reader.range(topic, since: .min, until: nil) else { continue }
            let first = to - min(count - 1, to - from)
            let start = first - min(max(count, Self.warmUp), first - from)
            shown.append(ReplayRange(topic: topic, from: start, to: to))
            compared.append(ReplayRange(topic: topic, from: first, to: to))
        }
    }
}
