internal import DequeModule

/// The latest answers to commands, as they were sent, for requests that come again.
///
/// Bounded by number and by size, since an answer may hold whatever parameters a strategy has; beyond that the oldest are dropped, and
/// what comes again then is a new request.
struct RememberedAnswers {
    private let maxCount: Int
    private let maxBytes: Int
    private var answers: [String: [UInt8]] = [:]
    /// The `msg_id`s of the requests, oldest first.
    private var order: Deque<String> = []
    private var bytes = 0

    init(maxCount: Int = 1000, maxBytes: Int = 256 << 10) {
        self.maxCount = maxCount
        self.maxBytes = maxBytes
    }

    /// The answer to the request with this `msg_id`, if it is still remembered.
    subscript(messageID: String) -> [UInt8]? { answers[messageID] }

    /// Keeps an answer. The latest is kept however large it is.
    mutating func remember(_ answer: [UInt8], for messageID: String) {
        if let former = answers.updateValue(answer, forKey: messageID) {
            bytes -= former.count
        } else {
            order.append(messageID)
        }
        bytes += answer.count
        while order.count > maxCount || bytes > maxBytes, order.count > 1, let oldest = order.popFirst() {
            bytes -= answers.removeValue(forKey: oldest)?.count ?? 0
        }
    }
}
