/// What is recorded, where, and for how long.
package struct RecordConfiguration: Hashable, Sendable {
    /// Which topics are recorded.
    package enum Mode: Hashable, Sendable {
        case all
        /// These, and no others.
        case topics(Set<String>)
        /// None. Checkpoints are kept all the same.
        case off
    }

    /// The smallest and the largest intake ring, bytes.
    package static let ringBytesRange = (64 << 10)...(16 << 30)

    /// The database.
    package var path: String
    /// The intake ring: what has been accepted and is not in the database yet.
    package var ringPath: String
    /// The size of the ring, bytes; held within ``ringBytesRange``. A message may have half of it.
    package var ringBytes: Int
    package var mode: Mode
    /// Messages that were received longer ago are dropped; `nil` keeps them.
    package var maxAge: Duration?
    /// The smallest ``maxBytes``: what the tables need to hold anything.
    package static let smallestMaxBytes = 1 << 20

    /// Beyond this size of the database, bytes, without its -wal, the oldest messages are dropped; `nil` for no bound.
    package var maxBytes: Int?
    /// The most messages in one transaction.
    package var batchMessages: Int
    /// The most bytes of the ring in one transaction.
    package var batchBytes: Int
    /// How long the recorder lets messages gather after a transaction before it begins the next one, when there is no more waiting.
    package var linger: Duration
    /// How long to wait for another process that holds the database.
    package var busyTimeout: Duration

    package init(
        path: String,
        ringPath: String,
        ringBytes: Int = 64 << 20,
        mode: Mode = .all,
        maxAge: Duration? = nil,
        maxBytes: Int? = nil,
        batchMessages: Int = 16_384,
        batchBytes: Int = 8 << 20,
        linger: Duration = .milliseconds(2),
        busyTimeout: Duration = .seconds(5)
    ) {
        self.path = path
        self.ringPath = ringPath
        self.ringBytes = min(max(ringBytes, Self.ringBytesRange.lowerBound), Self.ringBytesRange.upperBound)
        self.mode = mode
        self.maxAge = maxAge
        self.maxBytes = maxBytes.map { max($0, Self.smallestMaxBytes) }
        self.batchMessages = max(batchMessages, 1)
        self.batchBytes = max(batchBytes, 1)
        self.linger = linger
        self.busyTimeout = busyTimeout
    }

    /// Whether a topic is recorded.
    package func wants(_ topic: String) -> Bool {
        switch mode {
        case .all: true
        case .topics(let names): names.contains(topic)
        case .off: false
        }
    }
}
