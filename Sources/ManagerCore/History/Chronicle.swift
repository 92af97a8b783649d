internal import EventJournal
internal import Logging
internal import MarketFiles
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

/// The one place from which everything that happens goes to journal, log and events, in this order.
///
/// It belongs to the control loop. What happened is told (to a person, a worker, a subscriber) only once it is on disk: callers hand
/// in what is to be done then. Where the journal cannot be written the telling goes on, since strategies matter more than their
/// history; the log says so, and commands are refused while it lasts.
///
/// What is recorded in one turn of the loop goes to the journal at its end, together: each wait for the disk costs about as much as all
/// else that a start needs.
///
/// `self` crosses to the journal's thread and back, which is all that it is `Sendable` for.
final class Chronicle: @unchecked Sendable {
    /// How many entries come to disk as one at most.
    private static let maxTogether = 100

    private let journal: EventJournal
    private let loop: EventLoop
    private let logger: Logger
    private let secrets: KnownSecrets
    private let publish: (String, Message) -> Void

    private var appended: UInt64 = 0
    /// What is to be done when an append comes to its end, by its number.
    private var pending: [UInt64: (Result<SignalReceipt, JournalError>) -> Void] = [:]
    /// Everything up to this number has come to its end.
    private var committed: UInt64 = 0
    /// What waits for a commit, oldest first.
    private var waiting: [(after: UInt64, work: () -> Void)] = []
    /// What has been recorded in this turn of the loop, on its way to the journal.
    private var outbox: [Outgoing] = []
    private var failureSampler = FailureSampler()

    /// Why the journal cannot be written, while that is so.
    private(set) var failure: JournalError?

    /// - Parameters:
    ///   - journal: Where it is kept.
    ///   - loop: The control loop.
    ///   - logger: Where it is told to people.
    ///   - secrets: What nobody may be told.
    ///   - publish: Sends an event to the subscribers of `events`.
    init(
        journal: EventJournal,
        loop: EventLoop,
        logger: Logger,
        secrets: KnownSecrets = KnownSecrets(),
        publish: @escaping (String, Message) -> Void
    ) {
        self.journal = journal
        self.loop = loop
        self.logger = logger
        self.secrets = secrets
        self.publish = publish
    }

    // MARK: What happens

    /// Records a change of state, and with it what a later manager must know; `then` runs when both are on disk.
    func record(
        _ transition: Transition,
        detail: JSONValue? = nil,
        changes: [StateChange] = [],
        then: @escaping () -> Void = {}
    ) {
        let entry = JournalEntry(
            time: WallClock.nanoseconds(),
            kind: .transition,
            workerID: transition.workerID,
            generation: transition.generation,
            fromState: transition.from?.rawValue,
            toState: transition.to.rawValue,
            cause: transition.cause,
            actor: transition.actor.rawValue,
            detail: detail?.text
        )
        let level: Logger.Level = transition.to == .error ? .warning : .info
        append(entry, changes: changes, level: level, type: .statusUpdate) { _ in then() }
    }

    /// Records what is about to be done, what was done for it, or how it ended; `then` learns its place, `nil` where it could not be kept.
    ///
    /// - Parameters:
    ///   - kind: `intent`, `effect` or `outcome`.
    ///   - intent: The place of the intent that an effect or an outcome belongs to.
    func record(
        _ kind: JournalKind,
        of intent: Int64?,
        workerID: String,
        generation: UInt64? = nil,
        cause: String,
        actor: Actor,
        detail: JSONValue? = nil,
        changes: [StateChange] = [],
        then: @escaping (Int64?) -> Void = { _ in }
    ) {
        let entry = JournalEntry(
            time: WallClock.nanoseconds(),
            kind: kind,
            workerID: workerID,
            generation: generation,
            cause: cause,
            actor: actor.rawValue,
            detail: detail?.text,
            intent: intent
        )
        append(entry, changes: changes, level: .debug, type: .info, then: then)
    }

    /// Records the end of a worker's process, with what is known of it.
    func record(_ death: DeathRecord, cause: String, level: Logger.Level, changes: [StateChange]) {
        let entry = JournalEntry(
            time: death.time,
            kind: .worker,
            workerID: death.workerID,
            generation: death.generation,
            cause: cause,
            actor: Actor.worker.rawValue
        )
        append(entry, changes: changes, death: death, level: level, type: .info) { _ in }
    }

    /// Records anything else.
    func record(
        _ kind: JournalKind,
        workerID: String? = nil,
        generation: UInt64? = nil,
        cause: String,
        actor: Actor,
        detail: JSONValue? = nil,
        changes: [StateChange] = [],
        level: Logger.Level = .info,
        then: @escaping () -> Void = {}
    ) {
        let entry = JournalEntry(
            time: WallClock.nanoseconds(),
            kind: kind,
            workerID: workerID,
            generation: generation,
            cause: cause,
            actor: actor.rawValue,
            detail: detail?.text
        )
        append(entry, changes: changes, level: level, type: .info) { _ in then() }
    }

    /// Records a signal, and tells it if it is new; `then` learns what the journal says.
    ///
    /// One that cannot be recorded is told all the same, unless it is numbered: then it comes again.
    func record(
        _ signal: SignalRecord,
        isNumbered: Bool = false,
        then: @escaping (Result<SignalReceipt, JournalError>) -> Void = { _ in }
    ) {
        let signal = secrets.scrub(signal)
        let index = enqueue { [unowned self] result in
            switch result {
            case .success(let receipt): if receipt.isNew { tell(signal) }
            case .failure: if !isNumbered { tell(signal) }
            }
            then(result)
        }
        send(Outgoing(index: index, content: .signal(signal)))
    }

    /// Runs `work` when everything that has been recorded so far is on disk; at once where it is.
    func afterCommit(_ work: @escaping () -> Void) {
        // Without a journal there is nothing to wait for; supervision goes on.
        if committed == appended || failure != nil { work() } else { waiting.append((appended, work)) }
    }

    // MARK: Appending

    private func append(
        _ entry: JournalEntry,
        changes: [StateChange],
        death: DeathRecord? = nil,
        level: Logger.Level,
        type: MessageType,
        then: @escaping (Int64?) -> Void
    ) {
        let (entry, death) = (secrets.scrub(entry), death.map(secrets.scrub))
        let index = enqueue { [unowned self] result in
            let seq = try? result.get().seq
            tell(entry, seq: seq, level: level, type: type)
            then(seq)
        }
        send(Outgoing(index: index, content: death.map { .death(entry, $0, changes) } ?? .entry(entry, changes)))
    }

    /// Hands something over to the journal at the end of this turn.
    private func send(_ outgoing: Outgoing) {
        outbox.append(outgoing)
        guard outbox.count == 1 else { return }
        // Last of all that the turn's end does: what others record there still comes along.
        loop.afterTurn { [loop, weak self] in loop.afterTurn { [weak self] in self?.flush() } }
    }

    private func flush() {
        var rest = outbox[...]
        outbox = []
        while let first = rest.first {
            let together = rest.prefix(Self.maxTogether).prefix(while: \.joinsOthers)
            if together.isEmpty { hand(over: first) } else { hand(over: together) }
            rest = rest.dropFirst(max(together.count, 1))
        }
    }

    /// Hands entries over that come to disk in one transaction, or not at all.
    private func hand(over entries: ArraySlice<Outgoing>) {
        let indices = entries.map(\.index)
        journal.update(entries.flatMap(\.changes), with: entries.compactMap(\.entry)) { [loop, weak self] result in
            loop.execute { [weak self] in
                for (place, index) in indices.enumerated() {
                    self?.settle(index, result.map { SignalReceipt(seq: $0[place], isNew: true) })
                }
            }
        }
    }

    private func hand(over outgoing: Outgoing) {
        let index = outgoing.index
        let onCommit: @Sendable (Result<SignalReceipt, JournalError>) -> Void = { [loop, weak self] result in
            loop.execute { [weak self] in self?.settle(index, result) }
        }
        let onEntry: @Sendable (Result<Int64, JournalError>) -> Void = { result in
            onCommit(result.map { SignalReceipt(seq: $0, isNew: true) })
        }
        switch outgoing.content {
        case .entry(let entry, _): journal.append(entry, onCommit: onEntry)
        case .death(let entry, let death, let changes):
            journal.append(entry, death: death, changes: changes, onCommit: onEntry)
        case .signal(let signal): journal.append(signal: signal, onCommit: onCommit)
        }
    }

    /// Keeps what is to be done when the next append has come to its end.
    private func enqueue(_ then: @escaping (Result<SignalReceipt, JournalError>) -> Void) -> UInt64 {
        appended += 1
        pending[appended] = then
        return appended
    }

    /// An append has come to its end; almost always in order.
    private func settle(_ index: UInt64, _ result: Result<SignalReceipt, JournalError>) {
        noteFailure(result)
        pending.removeValue(forKey: index)?(result)
        while committed < appended, pending[committed + 1] == nil { committed += 1 }
        while let first = waiting.first, first.after <= committed {
            waiting.removeFirst()
            first.work()
        }
    }

    private func noteFailure(_ result: Result<SignalReceipt, JournalError>) {
        switch result {
        case .success:
            if failure != nil { logger.notice("the journal can be written again") }
            failure = nil
        case .failure(let error):
            if failureSampler.admits(at: WallClock.nanoseconds()) {
                logger.error("the journal cannot be written: \(error)")
            }
            failure = error
        }
    }

    // MARK: Telling

    private func tell(_ entry: JournalEntry, seq: Int64?, level: Logger.Level, type: MessageType) {
        logger.log(level: level, "\(entry.line)", metadata: entry.metadata)
        var payload = entry.json
        if let seq { payload["seq"] = .integer(seq) }
        var topic = entry.kind.rawValue
        if let workerID = entry.workerID { topic += ".\(workerID)" }
        publish(
            topic,
            Message(type, workerID: entry.workerID, payload: .object(payload), generation: entry.generation)
        )
    }

    private func tell(_ signal: SignalRecord) {
        logger.info("\(signal.line)", metadata: ["worker": "\(signal.workerID)"])
        publish(
            "signal.\(signal.workerID)",
            Message(.signal, workerID: signal.workerID, payload: signal.json, generation: signal.generation)
        )
    }
}
