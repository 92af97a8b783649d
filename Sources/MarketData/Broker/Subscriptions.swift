/// Who listens to what, as the subscribers' sockets say.
struct Subscriptions {
    /// How many different patterns are counted; further ones work, but are not counted.
    static let maxPatterns = 100_000
    /// The prefix of the topic that ends a worker's join.
    static let syncPrefix = "sync."
    /// The prefix of the topic by which a worker is told of the ring.
    static let ringPrefix = "ring."

    private var exact: [String: Int] = [:]
    /// Patterns that are no whole topic, such as `market.BTC`: few, and looked through one by one.
    private var prefixes: [String: Int] = [:]
    private static let maxPrefixes = 256

    /// Sync requests whose subscription has not arrived yet.
    private var asked: [String: (replyTo: String, topics: [String])] = [:]
    /// Identities whose subscription is there: each time that they ask, they are answered at once.
    private var arrived: Set<String> = []
    private static let maxSyncs = 10_000
    /// What the readers of the ring read, as they have said when they asked for a marker.
    private var ringTopics: [String: [String]] = [:]
    private var ringCounts: [String: Int] = [:]

    /// Whether a pattern is one by which a worker is told something, and not of market data.
    static func isOfWorker(_ pattern: String) -> Bool {
        pattern.hasPrefix(syncPrefix) || pattern.hasPrefix(ringPrefix)
    }

    /// Notes that one more socket subscribes to `pattern`, or one fewer.
    mutating func change(_ pattern: String, by step: Int) {
        if pattern.hasPrefix("market."), let last = pattern.utf8.dropFirst(7).lastIndex(of: UInt8(ascii: ".")),
            last != pattern.utf8.indices.last
        {
            Self.change(&exact, pattern, by: step, limit: Self.maxPatterns)
        } else {
            Self.change(&prefixes, pattern, by: step, limit: Self.maxPrefixes)
        }
    }

    /// How many sockets get a topic, and readers of the ring read it.
    func count(of topic: String) -> Int {
        prefixes.reduce((exact[topic] ?? 0) + (ringCounts[topic] ?? 0)) { sum, entry in
            topic.hasPrefix(entry.key) ? sum + entry.value : sum
        }
    }

    private static func change(_ counts: inout [String: Int], _ pattern: String, by step: Int, limit: Int) {
        guard counts[pattern] != nil || counts.count < limit else { return }
        let count = (counts[pattern] ?? 0) + step
        counts[pattern] = count > 0 ? count : nil
    }

    // MARK: Readers of the ring

    /// A reader has said what it reads.
    mutating func joinRing(_ identity: String, topics: [String]) {
        leaveRing(identity)
        guard ringTopics.count < Self.maxSyncs else { return }
        ringTopics[identity] = topics
        for topic in topics { Self.change(&ringCounts, topic, by: 1, limit: Self.maxPatterns) }
    }

    /// A reader reads no more.
    mutating func leaveRing(_ identity: String) {
        for topic in ringTopics.removeValue(forKey: identity) ?? [] {
            Self.change(&ringCounts, topic, by: -1, limit: Self.maxPatterns)
        }
    }

    // MARK: Joining

    /// A worker has asked. Returns whether its subscription is there already.
    mutating func ask(_ identity: String, replyTo: String, topics: [String]) -> Bool {
        if arrived.contains(identity) { return true }
        if asked.count < Self.maxSyncs { asked[identity] = (replyTo, topics) }
        return false
    }

    /// A worker's subscription has arrived. Returns what it asked for, if it has.
    mutating func arrive(_ identity: String) -> (replyTo: String, topics: [String])? {
        if arrived.count < Self.maxSyncs { arrived.insert(identity) }
        return asked.removeValue(forKey: identity)
    }

    /// A worker's subscription has ended.
    mutating func leave(_ identity: String) {
        arrived.remove(identity)
    }

    /// A worker is gone: what it asked for is not wanted any more.
    mutating func forget(_ identity: String) {
        asked[identity] = nil
        arrived.remove(identity)
        leaveRing(identity)
    }
}
