/// Signals that are not on disk yet, numbered from 1 without a hole: sent in order, and again when the manager asks for it.
struct SignalOutbox {
    static let maxSignals = 10_000
    static let maxBytes = 16 << 20

    /// Not on disk yet, oldest first.
    private var waiting: [[UInt8]] = []
    /// How many of them have been sent.
    private var sentCount = 0
    /// Their length, all together.
    private(set) var bytes = 0
    /// All signals up to this number are on disk.
    private(set) var recorded: UInt64 = 0
    /// Whether a signal was given up: its number is not used, but no state that comes after it may be saved.
    private(set) var hasDropped = false

    /// How many signals are not on disk yet.
    var count: Int { waiting.count }
    /// The number of the last signal.
    var last: UInt64 { recorded + UInt64(waiting.count) }
    var hasUnsent: Bool { sentCount < waiting.count }

    /// Whether a signal of so many bytes may be added. An empty outbox takes any.
    func hasRoom(for size: Int) -> Bool {
        waiting.isEmpty || waiting.count < Self.maxSignals && bytes + size <= Self.maxBytes
    }

    /// Adds a signal whose number is ``last`` plus 1.
    mutating func append(_ signal: [UInt8]) {
        waiting.append(signal)
        bytes += signal.count
    }

    /// Notes that a signal was given up.
    mutating func drop() { hasDropped = true }

    /// The next signal to send.
    var nextUnsent: [UInt8]? { hasUnsent ? waiting[sentCount] : nil }

    /// The next signal has been sent.
    mutating func sent() { sentCount = min(sentCount + 1, waiting.count) }

    /// All signals up to `number` are on disk; `false` when that was known.
    mutating func recorded(through number: UInt64) -> Bool {
        guard number > recorded else { return false }
        let count = Int(min(number - recorded, UInt64(waiting.count)))
        for signal in waiting.prefix(count) { bytes -= signal.count }
        waiting.removeFirst(count)
        sentCount = max(sentCount - count, 0)
        recorded += UInt64(count)
        return count > 0
    }

    /// Sends again from `number` on; `nil` from the first that is not on disk.
    ///
    /// - Returns: `false` when that one is on disk as far as the worker was told, and so is not here any more.
    @discardableResult
    mutating func rewind(to number: UInt64? = nil) -> Bool {
        let index = number.map { $0 > recorded ? $0 - recorded - 1 : 0 } ?? 0
        // What was never sent is not skipped.
        sentCount = min(sentCount, Int(clamping: index))
        return number.map { $0 > recorded } ?? true
    }
}
