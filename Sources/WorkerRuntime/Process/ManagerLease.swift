/// Decides when to ask the manager whether it is there, and when it has been away for too long. Time is handed in.
///
/// The time must stand still while the machine is suspended. Where nobody looked for a while, since the process was stopped or
/// starved or in a long callback, silence proves nothing: the manager then gets one full interval to answer first.
struct ManagerLease {
    enum Verdict: Equatable {
        case wait
        /// Time to say that this worker is here.
        case ask
        /// The manager has been away for longer than the lease.
        case over
    }

    private static let maxGraces = 10
    /// For how long a spare waits, at most: it has nothing to lose, and a later manager has no use for it.
    private static let spareSeconds = 10.0
    /// How long the manager may be away, in seconds.
    static let seconds = 1.0...(365 * 86400)

    /// How long the manager may be away, in seconds; what is out of range is cut.
    var length: Double {
        didSet { length = min(max(length, Self.seconds.lowerBound), Self.seconds.upperBound) }
    }

    /// When the manager was asked first of those times that it has not answered: it may have gone just then, however long ago it was heard.
    private var unansweredSince: Int64?
    private var lastLook: Int64
    private var lastAsk: Int64
    /// Before this the manager has not had the time to answer.
    private var noVerdictBefore: Int64
    /// How often the manager got time since it was heard. Bounded, or a strategy with one long callback after the other would never
    /// find that the manager has gone.
    private var graces = 0

    init(seconds: Double, at now: Int64) {
        length = min(max(seconds, Self.seconds.lowerBound), Self.seconds.upperBound)
        lastLook = now
        lastAsk = now
        noVerdictBefore = now
    }

    /// How often the manager is asked: a sixth of the lease, but 0.2 s to 10 s. Each time costs the manager a message and its answer, and a
    /// hundred workers ask. A spare asks every 3 s at least: a later manager can only send it away when it has heard of it.
    var interval: Int64 { Int64(min(max(length / 6, 0.2), isSpare ? 3 : 10) * 1e9) }
    /// Whether no strategy has been started yet.
    var isSpare = false

    /// When the lease ends, if nothing is heard: never before the manager has been away for its length, and one ``interval`` later at most.
    private var end: Int64? { unansweredSince.map { max($0 + Int64(patience * 1e9), noVerdictBefore) } }
    private var patience: Double { isSpare ? min(length, Self.spareSeconds) : length }

    /// When to look again: to ask, or just when the lease is over.
    var nextLook: Int64 { min(lastAsk + interval, end ?? .max) }

    /// Takes note that the manager has said something.
    mutating func heard() {
        unansweredSince = nil
        graces = 0
    }

    mutating func look(at now: Int64) -> Verdict {
        defer { lastLook = now }
        if now - lastLook > 2 * interval, graces < Self.maxGraces {
            graces += 1
            noVerdictBefore = now + interval
            return ask(at: now)
        }
        if let end, now > end { return .over }
        return now >= lastAsk + interval ? ask(at: now) : .wait
    }

    private mutating func ask(at now: Int64) -> Verdict {
        lastAsk = now
        unansweredSince = unansweredSince ?? now
        return .ask
    }
}
