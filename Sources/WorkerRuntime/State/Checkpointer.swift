import WireProtocol

/// Decides when a strategy's state is saved, and follows one checkpoint at a time until it is on disk. Time is handed in.
///
/// A checkpoint leaves the worker only when every signal that was emitted before it is on disk: else a crash could leave a state
/// behind that says they were emitted, while they were not.
struct Checkpointer {
    /// When a checkpoint is due, if anything was handled since the last one.
    struct Policy: Hashable, Sendable {
        /// Messages since the last checkpoint.
        var messages = 1000
        /// Time since the last checkpoint, nanoseconds.
        var interval: Int64 = 5_000_000_000
    }

    /// A checkpoint that is not on disk yet.
    private struct Outgoing {
        let ordinal: UInt64
        let bytes: [UInt8]
        /// The last signal before it.
        let signals: UInt64
        var isSent = false
    }

    let policy: Policy
    /// The last checkpoint that was taken.
    private(set) var ordinal: UInt64
    /// The last one that is on disk.
    private(set) var recorded: UInt64

    private var outgoing: Outgoing?
    private var wanted: Checkpoint.Reason?
    private var messages = 0
    private var isTouched = false
    private var lastTaken: Int64

    /// - Parameter ordinal: of the checkpoint that the strategy goes on from; 0 for none.
    init(_ policy: Policy = Policy(), ordinal: UInt64 = 0, at now: Int64) {
        self.policy = policy
        self.ordinal = ordinal
        recorded = ordinal
        lastTaken = now
    }

    /// Whether nothing is on its way, or wanted.
    var isSettled: Bool { outgoing == nil && wanted == nil }

    /// A callback has run, in which the state may have changed.
    mutating func touch() { isTouched = true }

    /// A message was handled.
    mutating func handled() {
        isTouched = true
        messages += 1
    }

    /// Whether enough messages have been handled. To be asked after each of them.
    var isFull: Bool { messages >= policy.messages && outgoing == nil }

    /// Asks for a checkpoint as soon as the last one is on disk, whatever the policy says.
    mutating func want(_ reason: Checkpoint.Reason) { wanted = reason }

    /// Why a checkpoint is to be taken now; `nil` when none is.
    func due(at now: Int64) -> Checkpoint.Reason? {
        guard outgoing == nil else { return nil }
        if let wanted { return wanted }
        guard isTouched else { return nil }
        if messages >= policy.messages { return .messages }
        return now - lastTaken >= policy.interval ? .interval : nil
    }

    /// When the next checkpoint is due by time alone; `nil` when nothing was handled, or one is on its way.
    var nextDue: Int64? { outgoing == nil && isTouched ? lastTaken + policy.interval : nil }

    /// Takes a checkpoint, encoded with the ordinal ``nextOrdinal``.
    ///
    /// - Parameter signals: the number of the last signal before it.
    mutating func take(_ bytes: [UInt8], after signals: UInt64, at now: Int64) {
        ordinal = nextOrdinal
        outgoing = Outgoing(ordinal: ordinal, bytes: bytes, signals: signals)
        reset(at: now)
    }

    var nextOrdinal: UInt64 { ordinal + 1 }

    /// No checkpoint could be made; the next one is due as if there had been one.
    mutating func failed(at now: Int64) { reset(at: now) }

    /// The checkpoint to send now.
    ///
    /// - Parameter recordedSignals: up to which number signals are on disk.
    func toSend(recordedSignals: UInt64) -> [UInt8]? {
        guard let outgoing, !outgoing.isSent, outgoing.signals <= recordedSignals else { return nil }
        return outgoing.bytes
    }

    mutating func sent() { outgoing?.isSent = true }

    /// The checkpoint is on disk; `false` when it is not the one that is on its way.
    mutating func recorded(_ ordinal: UInt64) -> Bool {
        guard let outgoing, outgoing.isSent, outgoing.ordinal == ordinal else { return false }
        recorded = ordinal
        self.outgoing = nil
        return true
    }

    /// Sends again what is not on disk.
    mutating func rewind() { outgoing?.isSent = false }

    private mutating func reset(at now: Int64) {
        wanted = nil
        messages = 0
        isTouched = false
        lastTaken = now
    }
}
