/// Takes the numbered signals of one process in order, each once, and says what to ask for again (go-back-N).
///
/// A process numbers its signals from 1 and keeps each until it is told that it is on disk. Number n is taken only when n - 1 is on disk or
/// on its way there; what is missing, or could not be written, is asked for again, and everything after it comes with it. It is pure: no
/// socket, no journal, no clock.
struct SignalIntake {
    typealias Instant = SuspendingClock.Instant

    /// What to do with a signal.
    enum Verdict: Hashable {
        /// Write it down, and tell ``ended(_:isRecorded:at:)`` what became of it.
        case take
        /// It is on disk already; the process is to be told so again.
        case known
        /// It is on its way to the disk.
        case pending
        /// One before it is missing; `ask` where the process is to be asked for it now.
        case outOfOrder(ask: UInt64?)
    }

    /// The process that counts.
    let generation: UInt64
    /// Every signal up to this number is on disk.
    private(set) var recorded: UInt64
    /// Every signal up to this number is on disk or on its way there.
    private(set) var taken: UInt64
    /// Whether something is missing that has been asked for.
    private(set) var isWaiting = false
    /// When the process was last asked to send again.
    private var asked: Instant?

    /// How long a process has to send again before it is asked once more.
    static let patience = Duration.milliseconds(100)

    /// - Parameters:
    ///   - generation: The process.
    ///   - recorded: The last of its signals that is on disk, where an earlier manager has taken some.
    init(generation: UInt64, recorded: UInt64 = 0) {
        self.generation = generation
        self.recorded = recorded
        taken = recorded
    }

    /// Decides on signal `number`; 0 is none.
    mutating func offer(_ number: UInt64, at now: Instant) -> Verdict {
        if number <= recorded { return .known }
        if number <= taken { return .pending }
        if number == taken + 1 {
            taken = number
            isWaiting = false
            return .take
        }
        return .outOfOrder(ask: ask(at: now))
    }

    /// A signal that was taken is on disk, or could not be written.
    ///
    /// - Returns: The number to ask for, where it and all after it are to be sent again.
    mutating func ended(_ number: UInt64, isRecorded: Bool, at now: Instant) -> UInt64? {
        // Of what follows on one that was lost, nothing counts: it comes again.
        guard number == recorded + 1, number <= taken else { return nil }
        if isRecorded {
            recorded = number
            return nil
        }
        taken = recorded
        return ask(at: now)
    }

    /// The number to ask for, unless it was asked for lately.
    mutating func ask(at now: Instant) -> UInt64? {
        isWaiting = true
        if let asked, now - asked < Self.patience { return nil }
        asked = now
        return taken + 1
    }
}
