import Synchronization
import WireProtocol

/// What a heartbeat says the worker is doing.
enum WorkerStatus: Int, Sendable {
    case initialized, starting, running, paused, stopping
    /// The error budget is spent.
    case error

    var name: String {
        switch self {
        case .initialized: WorkerState.initialized.rawValue
        case .starting: WorkerState.starting.rawValue
        case .running: WorkerState.running.rawValue
        case .paused: WorkerState.paused.rawValue
        case .stopping: WorkerState.stopping.rawValue
        case .error: WorkerState.error.rawValue
        }
    }
}

/// A strategy's callbacks, by the names that its author knows.
enum Callback: String, CaseIterable {
    case onStart, onBar, onTick, onTrade, onQuote, onDepth, onTimer, onParams, onPause, onResume, onStop, onError, onGap

    /// Where it stands among them, from 1.
    var number: Int {
        switch self {
        case .onStart: 1
        case .onBar: 2
        case .onTick: 3
        case .onTrade: 4
        case .onQuote: 5
        case .onDepth: 6
        case .onTimer: 7
        case .onParams: 8
        case .onPause: 9
        case .onResume: 10
        case .onStop: 11
        case .onError: 12
        case .onGap: 13
        }
    }
}

/// What the strategy's thread leaves for the heartbeat's thread to tell: counters, and which callback has been running since when.
///
/// The strategy's thread is the only writer. Each number is right by itself; two of them may be one message apart.
final class WorkerGauges: Sendable {
    /// Happenings that are counted.
    enum Counter: Int, CaseIterable {
        /// Messages handed to the strategy.
        case processed
        /// Signals emitted.
        case signals
        /// Errors that callbacks threw.
        case errors
        /// Messages that never came, and that the record does not have either.
        case lost
        /// Messages that were left out, in delivery mode `drop`.
        case dropped
        /// Messages that a later one of their topic took the place of, in delivery mode `conflate`.
        case conflated
        /// Messages handled that came from the record.
        case replayed
        /// Messages handled whose event time is before that of the one before.
        case late
        /// Messages dropped because their sequence was handled already.
        case repeated
        /// Messages dropped because nobody asked for their topic.
        case unrequested
        /// Messages dropped because their bytes are not valid.
        case unreadable
        /// How often market data was written over before it was read.
        case overruns
        /// Signals not sent, since warming up led to them.
        case suppressed
    }

    /// Topics whose positions a heartbeat tells.
    static let maxPositions = 64

    private static let unknownPosition = UInt64.max

    private let counters = InlineArray<13, Atomic<Int>> { _ in Atomic(0) }
    /// The last sequence handled of the first topics, by their index.
    private let positions = InlineArray<64, Atomic<UInt64>> { _ in Atomic(unknownPosition) }
    private let statusNumber = Atomic(WorkerStatus.initialized.rawValue)
    /// The callback's number, 0 for none.
    private let callback = Atomic(0)
    private let callbackStart = Atomic<Int64>(0)
    /// Topic index plus one in the upper 16 bits, sequence in the lower 48: one word, so that they belong together.
    private let lastMessage = Atomic<UInt64>(0)
    private let lastReceiveTime = Atomic<Int64>(0)
    private let handledTotal = Atomic<UInt64>(0)
    private let signalsPending = Atomic(0)
    private let isCatchingUp = Atomic(false)
    private let readsRing = Atomic(false)
    private let topicNames = Mutex<[String]>([])
    private let speaker: Mutex<Speaker>
    private let usage = ProcessUsage()
    private let identity: String

    /// As whom the worker speaks: a spare's own identity, later a strategy's slot and generation.
    struct Speaker: Hashable, Sendable {
        var workerID: String
        var generation: UInt64
    }

    /// - Parameters:
    ///   - speaker: As whom the worker speaks first.
    ///   - identity: Names the process; a manager that does not know it can tell it by that to stop.
    init(_ speaker: Speaker, identity: String = "") {
        self.speaker = Mutex(speaker)
        self.identity = identity
    }

    // MARK: From the strategy's thread

    func become(_ speaker: Speaker) {
        self.speaker.withLock { $0 = speaker }
    }

    var status: WorkerStatus {
        get { WorkerStatus(rawValue: statusNumber.load(ordering: .relaxed)) ?? .initialized }
        set { statusNumber.store(newValue.rawValue, ordering: .relaxed) }
    }

    func count(_ counter: Counter, _ amount: Int = 1) {
        let value = counters[counter.rawValue].load(ordering: .relaxed)
        counters[counter.rawValue].store(value &+ amount, ordering: .relaxed)
    }

    subscript(counter: Counter) -> Int {
        counters[counter.rawValue].load(ordering: .relaxed)
    }

    /// Names the topics, in the order of their indices.
    func nameTopic(_ name: String, at index: Int) {
        topicNames.withLock { names in
            if index == names.count { names.append(name) }
        }
    }

    /// Says that a message of a topic was handled.
    ///
    /// - Parameter total: the sum of what has been handled of all topics, as sequences.
    func handled(topic index: Int, sequence: UInt64, receiveTime: Int64, total: UInt64) {
        handledTotal.store(total, ordering: .relaxed)
        lastReceiveTime.store(receiveTime, ordering: .relaxed)
        lastMessage.store(UInt64(index + 1) << 48 | sequence & 0xFFFF_FFFF_FFFF, ordering: .relaxed)
        stands(topic: index, at: sequence)
    }

    /// Says where a topic stands; `nil` when it is not subscribed to, or nothing is known yet.
    func stands(topic index: Int, at sequence: UInt64?) {
        guard index < Self.maxPositions else { return }
        positions[index].store(sequence ?? Self.unknownPosition, ordering: .relaxed)
    }

    /// Takes the sum after topics were joined, or left.
    func joined(total: UInt64) {
        handledTotal.store(total, ordering: .relaxed)
    }

    /// Says how many signals are not on disk yet.
    func pending(signals: Int) {
        signalsPending.store(signals, ordering: .relaxed)
    }

    /// By which way market data comes.
    var lane: DataLane {
        get { readsRing.load(ordering: .relaxed) ? .shm : .zmq }
        set { readsRing.store(newValue == .shm, ordering: .relaxed) }
    }

    /// Says whether the record is being handled, rather than what is published now.
    func catchesUp(_ isCatchingUp: Bool) {
        self.isCatchingUp.store(isCatchingUp, ordering: .relaxed)
    }

    func enter(_ callback: Int, at now: Int64) {
        callbackStart.store(now, ordering: .relaxed)
        self.callback.store(callback, ordering: .releasing)
    }

    func leave() {
        callback.store(0, ordering: .releasing)
    }

    // MARK: From any thread

    /// As whom the worker speaks now.
    var currentSpeaker: Speaker { speaker.withLock { $0 } }

    /// The heartbeat as of now.
    func heartbeat(at now: Int64) -> Message {
        let speaker = currentSpeaker
        let last = lastMessage.load(ordering: .relaxed)
        let names = topicNames.withLock { $0 }
        let lastIndex = Int(last >> 48) - 1
        let lastTopic = names.indices.contains(lastIndex) ? names[lastIndex] : nil
        let running = runningCallback(at: now)
        let usage = usage.read()
        var message = Message.heartbeat(
            speaker.workerID,
            status: status.name,
            details: [
                "identity": .string(identity), "messages_processed": number(.processed),
                "signals_emitted": number(.signals),
                "errors_count": number(.errors),
                "messages_missed": .integer(Int64(self[.lost] + self[.dropped])), "messages_lost": number(.lost),
                "messages_dropped": number(.dropped), "messages_conflated": number(.conflated),
                "messages_replayed": number(.replayed), "messages_late": number(.late),
                "messages_repeated": number(.repeated), "messages_unrequested": number(.unrequested),
                "messages_unreadable": number(.unreadable), "signals_suppressed": number(.suppressed),
                "signals_pending": .integer(Int64(signalsPending.load(ordering: .relaxed))),
                "lane": .string(lane.rawValue), "overruns": number(.overruns),
                "mode": isCatchingUp.load(ordering: .relaxed) ? "catching_up" : "live",
                "positions": JSONValue(sequences: knownPositions(names)),
                "handled_receive_ns": .integer(lastReceiveTime.load(ordering: .relaxed)),
                "last_topic": JSONValue(lastTopic),
                "last_sequence": JSONValue(last & 0xFFFF_FFFF_FFFF), "callback": JSONValue(running?.name),
                "callback_seconds": .number(running?.seconds ?? 0),
                "handled_total": JSONValue(handledTotal.load(ordering: .relaxed)),
                "cpu_seconds": .number(usage.cpuSeconds), "rss_bytes": .integer(usage.residentBytes),
                "private_bytes": .integer(usage.privateBytes),
            ]
        )
        message.generation = speaker.generation
        return message
    }

    /// The callback that runs, and since how many seconds.
    func runningCallback(at now: Int64) -> (name: String, seconds: Double)? {
        let number = callback.load(ordering: .acquiring)
        guard Callback.allCases.indices.contains(number - 1) else { return nil }
        let seconds = Double(max(now - callbackStart.load(ordering: .relaxed), 0)) / 1e9
        return (Callback.allCases[number - 1].rawValue, seconds)
    }

    private func number(_ counter: Counter) -> JSONValue {
        .integer(Int64(self[counter]))
    }

    private func knownPositions(_ names: [String]) -> [String: UInt64] {
        var known: [String: UInt64] = [:]
        for (index, name) in names.prefix(Self.maxPositions).enumerated() {
            let position = positions[index].load(ordering: .relaxed)
            if position != Self.unknownPosition { known[name] = position }
        }
        return known
    }
}
