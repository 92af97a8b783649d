internal import EventJournal
internal import ProcessControl
internal import WireProtocol
internal import ZeroMQ

/// A strategy in a process that nobody supervises and whose signals go nowhere: it is shown recorded data, or runs beside its worker for a
/// moment, and ends.
///
/// It belongs to the control loop, which hands it what its process says.
final class SandboxRun {
    /// What became of it.
    typealias Outcome = Result<Findings, ManagerError>

    /// What the strategy did with the data.
    struct Findings {
        /// How many messages it was shown.
        let handled: UInt64
        /// What it emitted, in order.
        let signals: [SignalRecord]
    }

    /// What it is for.
    struct Purpose {
        /// How the reason begins where it fails.
        let failure: String
        /// How many errors of callbacks are forgiven; `nil` for as many as the error budget has.
        var errors: Int?
        /// Where its output goes, if it has a file of its own.
        var log: String?

        static let replay = Purpose(failure: "the strategy could not be shown the record")
    }

    /// The most signals that are kept; a strategy that emits more is not compared.
    private static let maxSignals = 1_000_000

    /// What sandboxes have in place of a generation begins here: beyond what any worker comes to, and a whole number for everybody.
    static let firstGeneration: UInt64 = 1 << 52

    /// Tells what its process says from what the worker's own says: on some of it stands the worker's name.
    let generation: UInt64
    /// Its name in place of a worker's.
    let id: String
    let process: WorkerProcess
    private let purpose: Purpose
    private let payload: JSONValue
    private let workerID: String
    private let receipts: Receipts
    private let send: (Message, WorkerProcess) -> Void
    private var done: ((Outcome) -> Void)?
    private var signals: [SignalRecord] = []
    private var intake: SignalIntake
    private var handled: UInt64?
    private var isHandedOver = false
    private var errors = 0
    /// What it was busy with when it was last heard from.
    private var callback: String?

    /// - Parameters:
    ///   - generation: Its own among all sandboxes.
    ///   - process: A spare that is nobody's.
    ///   - workerID: The worker whose strategy it is.
    ///   - purpose: What it is for.
    ///   - payload: Of the `start`.
    ///   - receipts: Confirms its signals to it: it keeps each until then.
    ///   - send: Sends a message to a process.
    ///   - done: Called once, when the process has ended.
    init(
        _ generation: UInt64,
        _ process: WorkerProcess,
        workerID: String,
        for purpose: Purpose = .replay,
        payload: JSONValue,
        receipts: Receipts,
        send: @escaping (Message, WorkerProcess) -> Void,
        done: @escaping (Outcome) -> Void
    ) {
        self.generation = generation
        id = "sandbox-\(generation - Self.firstGeneration)"
        intake = SignalIntake(generation: generation)
        self.process = process
        self.workerID = workerID
        self.purpose = purpose
        self.payload = payload
        self.receipts = receipts
        self.send = send
        self.done = done
        process.workerID = id
    }

    /// Whether nothing more is to come of it: what it says last comes behind all its signals.
    var hasSaidAll: Bool { handled != nil || done == nil }

    /// Where it hangs, as far as is known.
    var whereabouts: String { callback.map { "; it is in \($0)" } ?? "" }

    /// Hands the strategy over, once the process is connected.
    func begin() {
        guard process.isConnected, !isHandedOver else { return }
        isHandedOver = true
        let message = Message(.start, workerID: id, payload: payload, generation: generation)
        process.startMessageID = message.messageID
        send(message, process)
    }

    /// What the process says over status.
    func heard(_ message: Message) {
        switch message.type {
        case .signal: keep(message)
        case .heartbeat: callback = message.payload["callback"]?.stringValue
        case .statusUpdate where message.payload["status"]?.stringValue == "sandbox_done":
            handled = message.payload["handled"]?.sequenceValue ?? 0
        case .error:
            errors += 1
            let isFatal = message.payload["fatal"]?.boolValue == true
            guard isFatal || purpose.errors.map({ errors > $0 }) ?? false else { return }
            abort(message.payload["message"]?.stringValue ?? "the strategy failed")
        default: break
        }
    }

    /// What the process answers to the `start`.
    func acknowledged(_ message: Message) {
        guard message.replyTo == process.startMessageID, message.payload["result"]?.stringValue == "refused" else {
            return
        }
        abort(message.payload["reason"]?.stringValue ?? "the strategy was refused")
    }

    /// The process has ended.
    func ended(_ status: ExitStatus) {
        guard let handled, status.isSuccess else {
            return finish(.failure(failure("its process ended: \(status)\(lastWords)")))
        }
        finish(.success(Findings(handled: handled, signals: signals)))
    }

    /// Ends the process, and says why.
    func abort(_ reason: String) {
        try? process.child.signalGroup(.kill)
        finish(.failure(failure(reason)))
    }

    private func keep(_ message: Message) {
        let (number, now) = (message.sequence ?? intake.taken + 1, SuspendingClock().now)
        switch intake.offer(number, at: now) {
        case .take:
            guard signals.count < Self.maxSignals else { return abort("it emits more than \(Self.maxSignals) signals") }
            do throws(ProtocolError) {
                signals.append(try SignalRecord(message, workerID: workerID, generation: 0))
            } catch {
                return abort("a signal cannot be read: \(error)")
            }
            _ = intake.ended(number, isRecorded: true, at: now)
        case .outOfOrder(let ask?):
            send(Message(.resend, workerID: id, payload: ["from": JSONValue(ask)]), process)
        case .known, .pending, .outOfOrder: break
        }
        receipts.signals(intake.recorded, to: process)
    }

    private func finish(_ outcome: Outcome) {
        done?(outcome)
        done = nil
    }

    private func failure(_ reason: String) -> ManagerError {
        ManagerError(.workerStart, "\(purpose.failure): \(reason)")
    }

    /// What it said last, where somebody can see why it crashed.
    private var lastWords: String {
        guard let log = purpose.log, let text = LogTail.read(log, lines: Self.lastLines) else { return "" }
        let lines = text.split(separator: "\n").filter { $0.contains("rror") }
        return lines.first.map { "; \($0.prefix(Self.maxLineBytes))" } ?? ""
    }

    private static let lastLines = 50
    private static let maxLineBytes = 500
}
