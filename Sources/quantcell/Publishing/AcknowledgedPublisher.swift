import Glibc
import WireProtocol
import ZeroMQ

/// Sends market data to a manager's `publish` endpoint and knows what has become of it.
///
/// Where the manager goes away it waits for it to come back, and goes on where the manager says. All decisions are in
/// ``PublisherSession``.
struct AcknowledgedPublisher: ~Copyable, MessagePublisher {
    /// How long to wait in one go, milliseconds: how late Ctrl-C may be noticed.
    private static let slice = 100
    /// After how many messages answers are looked for while there is room.
    private static let batch: UInt64 = 64
    /// How long a user who has asked to stop waits for what is under way, nanoseconds.
    private static let lastWait: Int64 = 5_000_000_000

    private let socket: Socket
    private let timeout: TimeSpan
    private var session: PublisherSession
    private var poller = Poller()
    private var frame = Frame()
    private var refusals: [PublisherRefusal] = []
    private var start: PublisherStart?
    private var isAway = false
    private var lastTurn = MonotonicClock.nanoseconds()

    /// Connects to the manager of a runtime folder.
    ///
    /// - Parameters:
    ///   - location: Where the manager is.
    ///   - publisher: The id under which the manager keeps count.
    ///   - timeout: How long the manager may be away, or acknowledge nothing.
    /// - Throws: ``CommandFailure`` with exit code 69 when there is none.
    init(
        _ location: ManagerLocation,
        publisher: String,
        timeout: TimeSpan
    ) throws(CommandFailure) {
        self.timeout = timeout
        socket = try Socket.connected(.dealer, to: .publish, of: location) { socket throws(ZeroMQError) in
            // What waits is in the session's window; it is bounded there.
            try socket.set(.sendHighWaterMark, 0)
            // Without a connection sending fails, and what was under way when one broke is forgotten: it is sent again.
            try socket.set(.immediate, 1)
            try socket.set(.sendTimeout, Int32(Self.slice))
            try socket.set(.reconnectInterval, 20)
            try socket.set(.reconnectIntervalMax, 500)
        }
        session = PublisherSession(publisher: publisher, now: MonotonicClock.nanoseconds())
        _ = poller.add(socket)
    }

    mutating func begin() throws(CommandFailure) -> PublisherStart {
        while true {
            if let start { return start }
            if Interrupt.isRequested { throw .interrupted }
            try turn(waiting: true)
        }
    }

    mutating func send(topic: [UInt8], body: [UInt8], line: Int) throws(CommandFailure) -> Bool {
        _ = try begin()
        while !session.window.hasRoom {
            if Interrupt.isRequested { return false }
            try turn(waiting: true)
        }
        session.append(
            PublisherWindow.Entry(topic: topic, body: body, line: line),
            at: MonotonicClock.nanoseconds()
        )
        // Without a connection every turn counts: it looks at the clock, and tells the user.
        if session.isLive, session.window.end % Self.batch != 0 { try sendDue() } else { try turn(waiting: false) }
        return true
    }

    mutating func turn() throws(CommandFailure) {
        try turn(waiting: false)
    }

    mutating func takeRefusals() -> [PublisherRefusal] {
        defer { refusals = [] }
        return refusals
    }

    consuming func finish() throws(CommandFailure) -> PublisherOutcome {
        var interruptedAt: Int64?
        while session.isWaiting {
            if Interrupt.isRequested {
                let now = MonotonicClock.nanoseconds()
                let since = interruptedAt ?? now
                interruptedAt = since
                if !session.isLive || now - since > Self.lastWait { break }
            }
            try turn(waiting: true)
        }
        return PublisherOutcome(
            safety: session.hasUnrecorded ? .accepted : .recorded,
            refused: session.refused,
            refusals: refusals,
            unacknowledged: session.window.count
        )
    }

    // MARK: One turn

    private mutating func turn(waiting: Bool) throws(CommandFailure) {
        let now = MonotonicClock.nanoseconds()
        // Turns come ten times a second, unless this process is held up.
        if now - lastTurn > PublisherSession.patience { session.overslept(now - lastTurn) }
        lastTurn = now
        try receiveAll()
        try sendDue()
        try checkTime()
        guard waiting, session.isWaiting else { return }
        do throws(ZeroMQError) {
            try poller.wait(timeoutMilliseconds: Self.slice)
        } catch {
            throw CommandFailure(error)
        }
    }

    private mutating func sendDue() throws(CommandFailure) {
        while true {
            let now = MonotonicClock.nanoseconds()
            let step = session.step(at: now)
            guard step != .wait else { return }
            guard try isSent(step) else {
                session.disconnected()
                return
            }
            session.sent(step, at: now)
        }
    }

    private func isSent(_ step: PublisherSession.Step) throws(CommandFailure) -> Bool {
        do throws(ZeroMQError) {
            switch step {
            case .greet(let message): return try socket.send([message.bytes], wait: true)
            case .send(let number, let entry):
                let frame = withUnsafeBytes(of: number.littleEndian) { Array($0) }
                return try socket.send([frame, entry.topic, entry.body])
            case .wait: return true
            }
        } catch {
            throw CommandFailure(error)
        }
    }

    private mutating func receiveAll() throws(CommandFailure) {
        while try receive() {
            // What is no envelope comes from no manager.
            guard let message = frame.withBytes({ try? Message(parsing: $0) }) else { continue }
            let notice = session.receive(message, at: MonotonicClock.nanoseconds())
            if let notice { try handle(notice) }
        }
    }

    /// Receives the next answer into ``frame``; `false` when there is none.
    private mutating func receive() throws(CommandFailure) -> Bool {
        do throws(ZeroMQError) {
            guard try socket.receive(into: &frame) else { return false }
            while frame.hasMore, try socket.receive(into: &frame, wait: true) {}
            return true
        } catch {
            throw CommandFailure(error)
        }
    }

    private mutating func handle(_ notice: PublisherSession.Notice) throws(CommandFailure) {
        switch notice {
        case .welcomed(let accepted, let recorded):
            if start == nil { start = PublisherStart(accepted: accepted, recorded: recorded) }
            if isAway {
                isAway = false
                Diagnostics.print("the manager is back; going on behind message \(accepted)")
            }
        case .refused(let line, let reason): refusals.append(PublisherRefusal(line: line, reason: reason))
        case .rejected(let reason): throw .refused("quantcell: \(reason)")
        }
    }

    /// Says that the manager is away as soon as a person may wonder, and gives up after the time-out.
    private mutating func checkTime() throws(CommandFailure) {
        guard session.isWaiting else { return }
        let waited = MonotonicClock.nanoseconds() - session.stalledSince
        let allowed = DurationText.short(nanoseconds: timeout.nanoseconds)
        guard waited < timeout.nanoseconds else {
            let safe = session.hasBegun ? "; message \(session.window.acknowledged) was the last that is safe" : ""
            throw .timeout("the manager has acknowledged nothing for \(allowed)\(safe)")
        }
        if !isAway, waited > 2 * PublisherSession.patience, !session.isLive {
            isAway = true
            Diagnostics.print("the manager is away; waiting up to \(allowed) for it to come back (Ctrl-C stops)")
        }
    }
}
