import CLinux
import StrategyKit
import WireProtocol

// What the strategy asks for through its context.
extension StrategyRunner: StrategyHost {
    var now: Int64 { event?.eventTime ?? WallClock.nanoseconds() }

    func log(_ level: LogLevel, _ text: String) {
        outlet.log(level, text)
    }

    func subscribe(symbols: [String], dataTypes: [String]) throws(StrategyError) {
        var wanted: [(Topic, DataKind)] = []
        for symbol in symbols {
            for dataType in dataTypes {
                wanted.append(try Self.topic(symbol, dataType))
            }
        }
        guard topics.count + wanted.count <= TopicTable.maxTopics else {
            throw StrategyError("too many topics: a worker may have \(TopicTable.maxTopics)")
        }
        for (topic, kind) in wanted {
            guard let index = topics.subscribe(topic, kind) else { continue }
            gauges.nameTopic(topic.description, at: index)
            if let position = restored.removeValue(forKey: topic.description) { topics.advance(index, to: position) }
            gauges.stands(topic: index, at: topics[index].sequence.last)
            outlet.setSubscribed(topic, true)
        }
    }

    func unsubscribe(symbols: [String], dataTypes: [String]) {
        for symbol in symbols {
            for dataType in dataTypes {
                guard let topic = try? Topic(symbol: symbol, dataType: dataType),
                    let index = topics.unsubscribe(topic)
                else { continue }
                gauges.stands(topic: index, at: nil)
                outlet.setSubscribed(topic, false)
            }
        }
        gauges.joined(total: topics.handledTotal)
    }

    func emit(_ signal: SignalRequest) {
        // The ordinal counts all the same: the signals of a callback keep their ids.
        let id = nextSignalID()
        guard !isWarmingUp else { return gauges.count(.suppressed) }
        gauges.count(.signals)
        outlet.emit(
            stamped(
                Message(
                    .signal,
                    workerID: setup.workerID,
                    payload: [
                        "signal_id": .string(id), "name": .string(signal.name),
                        "side": JSONValue(signal.side?.rawValue),
                        "symbol": JSONValue(signal.symbol ?? event?.topic.symbol),
                        "data_type": JSONValue(event?.topic.dataType),
                        "sequence": event.map { JSONValue($0.sequence) } ?? .null, "event_time": .integer(now),
                        "price": Self.number(signal.price ?? event?.price), "quantity": Self.number(signal.quantity),
                        "data": .object(signal.data.mapValues(JSONValue.init)),
                    ]
                )
            )
        )
    }

    func metric(_ name: String, _ value: Double) {
        guard value.isFinite else { return }
        outlet.offer(stamped(.metrics(setup.workerID, name: name, value: value)))
    }

    func history(symbol: String, dataType: String, count: Int) throws(StrategyError) -> [Bar] {
        guard 1...100_000 ~= count else { throw StrategyError("history: the count must be 1 to 100000, not \(count)") }
        let (topic, kind) = try Self.topic(symbol, dataType)
        guard kind == .bar else { throw StrategyError("history: '\(dataType)' is not a stream of bars") }
        let index = topics.index(of: topic.description)
        let position = index.flatMap { topics[$0].sequence.last }
        let events = try outlet.history(of: topic, count: count, before: position.map { $0 + 1 })
        if let index, position == nil, goesOnFromHistory, callback == .onStart, let last = events.last {
            // The strategy has seen the stream up to here: what is published before it has joined is missing.
            topics.advance(index, to: last.sequence)
        }
        return events.compactMap { event in
            guard case .bar(let data) = event.payload else { return nil }
            return Bar(data, event, topic, isReplayed: true)
        }
    }

    func schedule(_ name: String, every interval: Duration) throws(StrategyError) {
        try timers.set(name, every: interval, at: qc_monotonic_ns())
    }

    func cancelTimer(_ name: String) {
        timers.cancel(name)
    }

    private func nextSignalID() -> String {
        guard let event else {
            signalCounter += 1
            let callback = callback?.rawValue ?? "main"
            return SignalID.other(
                worker: setup.workerID,
                callback: callback,
                generation: setup.generation,
                counter: signalCounter
            )
        }
        self.event?.signals += 1
        return SignalID.data(
            worker: setup.workerID,
            symbol: event.topic.symbol,
            dataType: event.topic.dataType,
            sequence: event.sequence,
            ordinal: event.signals + 1
        )
    }

    private static func topic(_ symbol: String, _ dataType: String) throws(StrategyError) -> (Topic, DataKind) {
        let topic: Topic
        do {
            topic = try Topic(symbol: symbol, dataType: dataType)
        } catch {
            throw StrategyError(error.description)
        }
        guard let kind = topic.kind else {
            throw StrategyError(
                "no callback handles data of type '\(dataType)': its name must begin with kline, bar, tick, trade, quote, depth"
                    + " or order_book"
            )
        }
        return (topic, kind)
    }

    private static func number(_ value: Double?) -> JSONValue {
        value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null
    }
}

extension JSONValue {
    /// A signal's value. JSON has no number that is not finite: it becomes text.
    fileprivate init(_ value: SignalValue) {
        switch value {
        case .number(let number): self = number.isFinite ? .number(number) : .string("\(number)")
        case .integer(let integer): self = .integer(integer)
        case .text(let text): self = .string(text)
        case .boolean(let boolean): self = .bool(boolean)
        }
    }
}
