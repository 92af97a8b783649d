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
    case onStart, onBar, onTick, onTrade, onQuote, onDepth, onTimer, onParams, onPause, onResume, onStop, onError

    var number: Int { Self.allCases.firstIndex(of: self).map { $0 + 1 } ?? 0 }
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
        /// Messages that never came: holes in a topic's sequence.
        case missed
        /// Messages dropped because their sequence was handled already.
        case repeated
        /// Messages dropped because nobody asked for their topic.
        case unrequested
        /// Messages dropped because their bytes are not valid.
        case unreadable
    }

    private struct Slots: ~Copyable {
        let processed = Atomic(0), signals = Atomic(0), errors = Atomic(0)
        let missed = Atomic(0), repeated = Atomic(0), unrequested = Atomic(0), unreadable = Atomic(0)
    }

    private let slots = Slots()
    private let statusNumber = Atomic(WorkerStatus.initialized.rawValue)
    /// The callback's number, 0 for none.
    private let callback = Atomic(0)
    private let callbackStart = Atomic<Int64>(0)
    /// Topic index plus one in the upper 16 bits, sequence in the lower 48: one word, so that they belong together.
    private let lastMessage = Atomic<UInt64>(0)
    private let handledTotal = Atomic<UInt64>(0)
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
        withSlot(counter) { $0.store($0.load(ordering: .relaxed) &+ amount, ordering: .relaxed) }
    }

    subscript(counter: Counter) -> Int {
        withSlot(counter) { $0.load(ordering: .relaxed) }
    }

    /// Names the topics, in the order of their indices.
    func nameTopic(_ name: String, at index: Int) {
        topicNames.withLock { names in
            if index == names.count { names.append(name) }
        }
    }

    /// - Parameter total: the sum of what has been handled of all topics, as sequences.
    func handled(topic index: Int, sequence: UInt64, total: UInt64) {
        handledTotal.store(total, ordering: .relaxed)
        lastMessage.store(UInt64(index + 1) << 48 | sequence & 0xFFFF_FFFF_FFFF, ordering: .relaxed)
    }

    /// Takes the sum after topics were joined, or left.
    func joined(total: UInt64) {
        handledTotal.store(total, ordering: .relaxed)
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
        let lastTopic = topicNames.withLock { names in
            names.indices.contains(Int(last >> 48) - 1) ? names[Int(last >> 48) - 1] : nil
        }
        let running = runningCallback(at: now)
        let usage = usage.read()
        var message = Message.heartbeat(
            speaker.workerID,
            status: status.name,
            details: [
                "identity": .string(identity), "messages_processed": number(.processed),
                "signals_emitted": number(.signals),
                "errors_count": number(.errors), "messages_missed": number(.missed),
                "messages_repeated": number(.repeated), "messages_unrequested": number(.unrequested),
                "messages_unreadable": number(.unreadable), "last_topic": JSONValue(lastTopic),
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

    private func withSlot<Result>(_ counter: Counter, _ body: (borrowing Atomic<Int>) -> Result) -> Result {
        switch counter {
        case .processed: body(slots.processed)
        case .signals: body(slots.signals)
        case .errors: body(slots.errors)
        case .missed: body(slots.missed)
        case .repeated: body(slots.repeated)
        case .unrequested: body(slots.unrequested)
        case .unreadable: body(slots.unreadable)
        }
    }
}
