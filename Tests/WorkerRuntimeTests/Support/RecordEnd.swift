import WireProtocol

/// The manager's record as the tests keep it, and its answers to workers.
struct RecordEnd {
    private struct Entry {
        let topic: String
        let sequence: UInt64
        let body: [UInt8]
    }

    /// How many messages an answer has at most.
    var limit = 2000
    /// What is answered instead, if anything.
    var refusal: String?
    /// The ranges that were asked for, request by request.
    private(set) var requests: [[ReplayRange]] = []

    private var entries: [Entry] = []

    /// The body of the last message.
    var last: [UInt8] { entries.last?.body ?? [] }

    mutating func append(_ topic: String, _ sequence: UInt64, _ body: [UInt8]) {
        entries.append(Entry(topic: topic, sequence: sequence, body: body))
    }

    /// The frames of the answer; `nil` where there is none.
    mutating func answer(_ request: Message) throws -> [[UInt8]]? {
        if let refusal {
            return [Message(.error, payload: ["message": .string(refusal)], replyTo: request.messageID).bytes]
        }
        switch request.type {
        case .replay: return answer(try ReplayRequest(payload: request.payload), to: request)
        case .history: return answer(try HistoryRequest(payload: request.payload), to: request)
        default: return nil
        }
    }

    private mutating func answer(_ replay: ReplayRequest, to request: Message) -> [[UInt8]] {
        requests.append(replay.ranges)
        let wanted = entries.filter { entry in
            replay.ranges.contains { $0.topic == entry.topic && $0.from...$0.to ~= entry.sequence }
        }
        let lost = replay.ranges.flatMap { range in
            let have = Set(wanted.lazy.filter { $0.topic == range.topic }.map(\.sequence))
            return (range.from...range.to).filter { !have.contains($0) }.map {
                ReplayLoss(ReplayRange(topic: range.topic, from: $0, to: $0), reason: "not recorded")
            }
        }
        let taken = wanted.prefix(min(limit, replay.limit))
        return frames(Array(taken), lost, more: taken.count < wanted.count, request)
    }

    private func answer(_ history: HistoryRequest, to request: Message) -> [[UInt8]] {
        var left = history.counts.mapValues { min($0, limit) }
        var taken: [Entry] = []
        for entry in entries.reversed() where entry.sequence < history.before[entry.topic] ?? .max {
            guard let count = left[entry.topic], count > 0 else { continue }
            left[entry.topic] = count - 1
            taken.append(entry)
        }
        return frames(taken.reversed(), [], more: false, request)
    }

    private func frames(_ taken: [Entry], _ lost: [ReplayLoss], more: Bool, _ request: Message) -> [[UInt8]] {
        let head = ReplayAnswer(count: taken.count, lost: lost, more: more).payload
        let answer = Message(
            .ack,
            payload: .object(head.merging(["result": "done"]) { $1 }),
            replyTo: request.messageID
        )
        return [answer.bytes] + taken.flatMap { [Array($0.topic.utf8), $0.body] }
    }
}
