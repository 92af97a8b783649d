internal import Synchronization

/// How many requests somebody may make: so many a second, and as many at once.
final class RateLimiter: Sendable {
    /// The most callers that are told apart; beyond that the one who came first is forgotten.
    private static let maxCallers = 1000

    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    private let perSecond: Double
    private let buckets = Mutex<(byCaller: [String: Bucket], order: [String])>(([:], []))

    /// - Parameter perSecond: 0 for no limit.
    init(perSecond: Int) {
        self.perSecond = Double(perSecond)
    }

    /// Whether a caller may make one more request now.
    func admits(_ caller: String, at now: ContinuousClock.Instant = .now) -> Bool {
        guard perSecond > 0 else { return true }
        return buckets.withLock { buckets in
            if buckets.byCaller[caller] == nil {
                if buckets.order.count >= Self.maxCallers { buckets.byCaller[buckets.order.removeFirst()] = nil }
                buckets.order.append(caller)
            }
            var bucket = buckets.byCaller[caller] ?? Bucket(tokens: perSecond, at: now)
            bucket.tokens = min(perSecond, bucket.tokens + max(now - bucket.at, .zero) / .seconds(1) * perSecond)
            bucket.at = now
            let isAdmitted = bucket.tokens >= 1
            if isAdmitted { bucket.tokens -= 1 }
            buckets.byCaller[caller] = bucket
            return isAdmitted
        }
    }
}
