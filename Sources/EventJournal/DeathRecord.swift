/// The evidence of a death: what was known of the process when it was found dead.
///
/// What could not be found out is nil.
public struct DeathRecord: Hashable, Sendable {
    /// The most bytes kept of ``logTail``, which loses its beginning, and of ``backtrace``, which loses its end.
    public static let maximumTextBytes = 64 << 10

    /// The strategy slot.
    public var workerID: String
    /// The incarnation of that worker.
    public var generation: UInt64
    /// When the death was found, in nanoseconds since the Unix epoch.
    public var time: Int64
    /// The sort of death, in a word: `exit`, `signal`, `oom`, `frozen`, `stuck`, ...
    public var cause: String
    /// How the process ended, for a person: `exit code 3`, `signal 11 (SIGSEGV)`.
    public var exit: String?
    /// Whether it left a core.
    public var core: Bool?
    /// Whether it was killed for want of memory.
    public var oom: Bool?
    /// When its last heartbeat came, in nanoseconds since the Unix epoch.
    public var lastHeartbeat: Int64?
    /// The topic of the last message that it handled.
    public var lastTopic: String?
    /// The sequence of that message within its topic.
    public var lastSequence: UInt64?
    /// The callback that was running.
    public var callback: String?
    /// How long that callback had been running, in seconds.
    public var callbackSeconds: Double?
    /// The most memory that it had resident, in bytes.
    public var peakRSS: Int64?
    /// The processor time that it used in user mode, in seconds.
    public var cpuUser: Double?
    /// The processor time that it used in the kernel, in seconds.
    public var cpuSystem: Double?
    /// The last lines of its output; of a longer text, the last lines that fit into ``maximumTextBytes``.
    public var logTail: String? {
        didSet { logTail = logTail.map(Self.lastLines) }
    }
    /// Where it was stuck; of a longer text, what of its beginning fits into ``maximumTextBytes``.
    public var backtrace: String? {
        didSet { backtrace = backtrace.map(Self.beginning) }
    }

    /// A record; what is optional may be left out.
    public init(
        workerID: String,
        generation: UInt64,
        time: Int64,
        cause: String,
        exit: String? = nil,
        core: Bool? = nil,
        oom: Bool? = nil,
        lastHeartbeat: Int64? = nil,
        lastTopic: String? = nil,
        lastSequence: UInt64? = nil,
        callback: String? = nil,
        callbackSeconds: Double? = nil,
        peakRSS: Int64? = nil,
        cpuUser: Double? = nil,
        cpuSystem: Double? = nil,
        logTail: String? = nil,
        backtrace: String? = nil
    ) {
        self.workerID = workerID
        self.generation = generation
        self.time = time
        self.cause = cause
        self.exit = exit
        self.core = core
        self.oom = oom
        self.lastHeartbeat = lastHeartbeat
        self.lastTopic = lastTopic
        self.lastSequence = lastSequence
        self.callback = callback
        self.callbackSeconds = callbackSeconds
        self.peakRSS = peakRSS
        self.cpuUser = cpuUser
        self.cpuSystem = cpuSystem
        self.logTail = logTail.map(Self.lastLines)
        self.backtrace = backtrace.map(Self.beginning)
    }

    /// The bytes of the texts whose length outsiders choose.
    var textSize: Int {
        [exit, lastTopic, callback, logTail, backtrace].reduce(cause.utf8.count) { $0 + ($1?.utf8.count ?? 0) }
    }

    /// A text of one line that is too long loses its beginning, too.
    private static func lastLines(_ text: String) -> String {
        guard text.utf8.count > maximumTextBytes else { return text }
        var tail = text.utf8.suffix(maximumTextBytes)
        if let newline = tail.firstIndex(of: UInt8(ascii: "\n")), tail.index(after: newline) < tail.endIndex {
            tail = tail[tail.index(after: newline)...]
        }
        // The cut may have gone through a character.
        return String(Substring(tail.drop(while: isContinuation)))
    }

    private static func beginning(_ text: String) -> String {
        guard text.utf8.count > maximumTextBytes else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: maximumTextBytes)
        while end > text.startIndex, isContinuation(text.utf8[end]) { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    /// Whether a byte goes on with a character of UTF-8 that began before.
    private static func isContinuation(_ byte: UInt8) -> Bool {
        byte & 0xC0 == 0x80
    }
}

/// A death as the journal holds it.
public struct RecordedDeath: Hashable, Sendable {
    /// The place in the journal of the entry that tells of it.
    public let seq: Int64
    /// What was recorded.
    public let death: DeathRecord

    /// A death with its place.
    public init(seq: Int64, death: DeathRecord) {
        self.seq = seq
        self.death = death
    }
}

/// Which deaths to read; every condition that is set must hold.
public struct DeathQuery: Hashable, Sendable {
    /// The most deaths that one query returns: each may have two long texts.
    public static let maximumLimit = 100

    /// Only deaths of this worker.
    public var workerID: String?
    /// Only deaths before this place; with the last one read, it reads on where the last query ended.
    public var beforeSequence: Int64?
    /// At most this many, the newest; held within 0 and ``maximumLimit``.
    public var limit: Int {
        didSet { limit = Self.clamp(limit) }
    }

    /// A query; without arguments, the last 10 deaths.
    public init(workerID: String? = nil, beforeSequence: Int64? = nil, limit: Int = 10) {
        self.workerID = workerID
        self.beforeSequence = beforeSequence
        self.limit = Self.clamp(limit)
    }

    private static func clamp(_ limit: Int) -> Int {
        min(max(limit, 0), maximumLimit)
    }
}
