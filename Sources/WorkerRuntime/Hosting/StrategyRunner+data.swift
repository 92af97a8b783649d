import CLinux
import CrashPoints
import StrategyKit
import WireProtocol

// Market data on its way to the callbacks.
extension StrategyRunner {
    /// A run of one topic that must come before the message in hand.
    struct Hole: Hashable {
        let index: Int
        let to: UInt64
    }

    // MARK: Live

    /// Handles one message of the data socket.
    ///
    /// - Returns: what must be recovered first; the same message is to be handed in again then.
    func handle(topic frame: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) -> Hole? {
        guard !isBroken, let index = find(frame) else { return nil }
        return handle(at: index, body: body)
    }

    /// Handles one message of the topic with this index.
    func handle(at index: Int, body: UnsafeRawBufferPointer) -> Hole? {
        guard !isBroken, topics[index].isSubscribed, let message = read(body, at: index) else { return nil }
        switch topics.place(message.sequence, at: index) {
        case .next:
            break
        case .repeated:
            gauges.count(.repeated)
            return nil
        case .gap(let missing):
            switch delivery {
            case .lossless: return Hole(index: index, to: message.sequence - 1)
            case .conflate: gauges.count(.conflated, Int(clamping: missing))
            case .drop: gauges.count(.dropped, Int(clamping: missing))
            }
        }
        topics.advance(index, to: message.sequence)
        hand(message, at: index)
        return nil
    }

    /// The index of a topic frame that was asked for; counts it when it was not.
    func find(_ frame: UnsafeRawBufferPointer) -> Int? {
        guard let index = topics.find(frame) else {
            gauges.count(.unrequested)
            return nil
        }
        return index
    }

    private func read(_ body: UnsafeRawBufferPointer, at index: Int) -> MarketEvent? {
        do {
            return try MarketEvent(parsing: body, kind: topics[index].kind)
        } catch {
            gauges.count(.unreadable)
            complain("dropped a message of \(topics[index].topic): \(error)")
            return nil
        }
    }

    /// Hands over a message whose place has been taken.
    private func hand(_ message: MarketEvent, at index: Int) {
        gauges.handled(
            topic: index,
            sequence: message.sequence,
            receiveTime: message.receiveTime,
            total: topics.handledTotal
        )
        gauges.count(.processed)
        if topics.isLate(message.eventTime, at: index) { gauges.count(.late) }
        hand(message, of: topics[index].topic)
        CrashPoint.reach("worker.message.handled")
        checkpointer?.handled()
    }

    // MARK: From the record

    /// Handles one message of the record.
    func replay(
        topic frame: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer,
        in recovery: inout Recovery
    ) {
        guard !isBroken, let index = find(frame), let message = read(body, at: index) else { return }
        let (lost, isNext) = recovery.arrive(message.sequence, at: index, in: &topics)
        lose(lost, purpose: recovery.purpose)
        // A strategy that has unsubscribed in onGap, or given up, gets no more.
        guard isNext, !isBroken, topics[index].isSubscribed else { return }
        gauges.count(.replayed)
        hand(message, at: index)
    }

    /// Tells the strategy, the log and the manager what is lost for good. What was before a fresh start is no loss.
    func lose(_ lost: [Recovery.Loss], purpose: Recovery.Purpose) {
        guard purpose != .warmUp else { return }
        for loss in lost {
            let topic = topics[loss.index].topic
            let gap = Gap(
                symbol: topic.symbol,
                dataType: topic.dataType,
                from: loss.from,
                to: loss.to,
                reason: loss.reason
            )
            gauges.count(.lost, Int(clamping: gap.count))
            gauges.stands(topic: loss.index, at: loss.to)
            gauges.joined(total: topics.handledTotal)
            complain("lost \(gap.count) messages of \(topic), sequences \(loss.from) to \(loss.to): \(loss.reason)")
            let range = ReplayRange(topic: topic.description, from: loss.from, to: loss.to)
            outlet.deliver(
                stamped(
                    Message(.gap, workerID: setup.workerID, payload: ReplayLoss(range, reason: loss.reason).json)
                )
            )
            // A signal of onGap is caused by the data that is missing, and named after it.
            let eventTime = max(topics[loss.index].eventTime, 0)
            event = EventInHand(topic: topic, sequence: loss.to, eventTime: eventTime, price: nil)
            defer { event = nil }
            if !isBroken { run(.onGap) { try $0.onGap(gap) } }
        }
    }

    // MARK: Joining

    /// Takes where topics stood when the worker joined them.
    ///
    /// - Returns: what was published since the position that the strategy goes on from, or since the history that it asked for.
    func join(_ positions: [String: UInt64]) -> Recovery? {
        var missed: [Int: UInt64] = [:]
        for (topic, sequence) in positions {
            guard let index = topics.index(of: topic) else { continue }
            if let last = topics[index].sequence.last, last < sequence, delivery == .lossless {
                missed[index] = sequence
                continue
            }
            join(index, at: sequence)
        }
        gauges.joined(total: topics.handledTotal)
        return missed.isEmpty ? nil : Recovery(.catchUp, upTo: missed)
    }

    private func join(_ index: Int, at sequence: UInt64) {
        if let last = topics[index].sequence.last {
            if last > sequence {
                outlet.log(
                    .warning,
                    "\(topics[index].topic) stands at \(sequence), but \(last) of it were handled: its numbers have begun anew"
                )
            } else {
                gauges.count(delivery == .conflate ? .conflated : .dropped, Int(clamping: sequence - last))
            }
        }
        topics.advance(index, to: sequence)
        gauges.stands(topic: index, at: sequence)
    }

    /// The last `count` messages of each topic before where it stands now.
    func warmUp(_ count: UInt64) -> Recovery {
        var targets: [Int: UInt64] = [:]
        for topic in topics.subscribed {
            guard let index = topics.index(of: topic.description), let last = topics[index].sequence.last, last > 0
            else { continue }
            targets[index] = last
            topics.advance(index, to: last - min(count, last))
        }
        return Recovery(.warmUp, upTo: targets)
    }

    /// The recorded data that a sandboxed strategy gets: of each topic one range.
    ///
    /// - Throws: ``WorkerFailure`` for a topic that the strategy does not subscribe to, and for one that stands there twice.
    func sandbox(_ ranges: [ReplayRange]) throws(WorkerFailure) -> Recovery {
        var targets: [Int: UInt64] = [:]
        for range in ranges {
            guard let index = topics.index(of: range.topic) else {
                throw WorkerFailure("the strategy does not subscribe to \(range.topic)")
            }
            guard targets.updateValue(range.to, forKey: index) == nil else {
                throw WorkerFailure("\(range.topic) stands in the ranges twice")
            }
            topics.advance(index, to: range.from - 1)
        }
        return Recovery(.sandbox, upTo: targets)
    }
}
