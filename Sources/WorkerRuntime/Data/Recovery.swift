import WireProtocol

/// Gets ranges of topics from the record: says what to ask for, puts what comes in order, and names what is lost.
///
/// Every message of a range is handled once, in order, or is named as lost, once. Knows no sockets: messages, answers and the
/// table of topics are handed in.
struct Recovery {
    enum Purpose: Hashable {
        /// A hole was seen.
        case gap
        /// What was published while the strategy was not there.
        case catchUp
        /// The last messages before a fresh start.
        case warmUp
        /// All that a sandboxed strategy gets.
        case sandbox
    }

    /// A run of one topic that the record does not have.
    struct Loss: Hashable {
        let index: Int
        let from: UInt64
        let to: UInt64
        let reason: String
    }

    let purpose: Purpose

    /// The last sequence to get of each topic, by its index.
    private var targets: [Int: UInt64]
    /// What the answer that is being read names as lost, in order.
    private var named: [Int: [Loss]] = [:]
    private var hasMore = false
    private var hasProgressed = false

    init(_ purpose: Purpose, upTo targets: [Int: UInt64]) {
        self.purpose = purpose
        self.targets = targets
    }

    /// What is still to be had; empty when all is done.
    func open(in topics: TopicTable) -> [ReplayRange] {
        openTargets(in: topics).map { index, from, to in
            ReplayRange(topic: topics[index].topic.description, from: from, to: to)
        }
    }

    /// Takes the beginning of an answer.
    mutating func begin(_ answer: ReplayAnswer, in topics: TopicTable) {
        hasMore = answer.more
        hasProgressed = false
        named = [:]
        for loss in answer.lost {
            guard let index = topics.index(of: loss.range.topic) else { continue }
            named[index, default: []].append(
                Loss(index: index, from: loss.range.from, to: loss.range.to, reason: loss.reason)
            )
        }
        for index in named.keys { named[index]?.sort { $0.from < $1.from } }
    }

    /// Takes a message of the answer.
    ///
    /// - Returns: what is lost before it, and whether it is to be handled; when not, it was not asked for or came before.
    mutating func arrive(
        _ sequence: UInt64,
        at index: Int,
        in topics: inout TopicTable
    ) -> (lost: [Loss], isNext: Bool) {
        guard let target = targets[index], sequence <= target else { return ([], false) }
        let next = (topics[index].sequence.last ?? 0) + 1
        guard sequence >= next else { return ([], false) }
        hasProgressed = true
        topics.advance(index, to: sequence)
        return (sequence == next ? [] : losses(index, next, sequence - 1), true)
    }

    /// Takes the end of the answer.
    ///
    /// - Returns: what is lost now; ``open(in:)`` says what to ask for next.
    mutating func end(in topics: inout TopicTable) -> [Loss] {
        var lost: [Loss] = []
        for (index, from, to) in openTargets(in: topics) {
            // Where the answer goes on, only what is named right here is known to be lost.
            var next = from
            for loss in named[index] ?? [] where loss.from <= next && loss.to >= next {
                let end = min(loss.to, to)
                lost.append(Loss(index: index, from: next, to: end, reason: loss.reason))
                next = end + 1
                if next > to { break }
            }
            if next > from { topics.advance(index, to: next - 1) }
        }
        if hasMore, hasProgressed || !lost.isEmpty { return lost }
        // An answer that ends here, or one that says there is more and brings nothing, has nothing to wait for.
        for (index, from, to) in openTargets(in: topics) {
            lost += losses(index, from, to)
            topics.advance(index, to: to)
        }
        return lost
    }

    /// Gives up what is still to be had.
    mutating func giveUp(_ reason: String, in topics: inout TopicTable) -> [Loss] {
        let open = openTargets(in: topics)
        for (index, _, to) in open { topics.advance(index, to: to) }
        return open.map { Loss(index: $0, from: $1, to: $2, reason: reason) }
    }

    private func openTargets(in topics: TopicTable) -> [(index: Int, from: UInt64, to: UInt64)] {
        targets.sorted { $0.key < $1.key }.compactMap { index, to in
            let from = (topics[index].sequence.last ?? 0) + 1
            return topics[index].isSubscribed && from <= to ? (index, from, to) : nil
        }
    }

    /// The range, cut where the reason changes.
    private func losses(_ index: Int, _ from: UInt64, _ to: UInt64) -> [Loss] {
        var lost: [Loss] = []
        var next = from
        for loss in named[index] ?? [] where loss.to >= next && loss.from <= to && next <= to {
            if loss.from > next {
                lost.append(Loss(index: index, from: next, to: loss.from - 1, reason: Self.unnamed))
                next = loss.from
            }
            let end = min(loss.to, to)
            lost.append(Loss(index: index, from: next, to: end, reason: loss.reason))
            next = end + 1
        }
        if next <= to { lost.append(Loss(index: index, from: next, to: to, reason: Self.unnamed)) }
        return lost
    }

    private static let unnamed = "missing in the record"
}
