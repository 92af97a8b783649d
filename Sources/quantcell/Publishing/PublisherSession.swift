import WireProtocol

/// The publisher's half of acknowledged publishing: what to send next, and what the manager's answers mean. It owns no socket and no
/// clock.
///
/// A connection begins with `hello`, which `welcome` answers with what the manager has of this publisher; messages go on from there. The
/// same happens again whenever the connection may be a new one: it broke, the manager does not know it, or nothing has come for
/// a while though something is awaited.
struct PublisherSession {
    /// What to do.
    enum Step: Hashable {
        /// Send this envelope.
        case greet(Message)
        /// Send the message of this number.
        case send(number: UInt64, PublisherWindow.Entry)
        /// Wait for the manager.
        case wait
    }

    /// What the manager has said that somebody should know.
    enum Notice: Hashable {
        /// It has accepted and recorded this much of the publisher.
        case welcomed(accepted: UInt64, recorded: UInt64)
        /// It does not take the message of this line.
        case refused(line: Int, String)
        /// It takes nothing more of this publisher, for good.
        case rejected(String)
    }

    private enum Link: Hashable {
        /// Not connected, or the manager does not know this connection.
        case away
        case greeted(messageID: String, at: Int64)
        case live
    }

    /// How long an answer is awaited before the manager is greeted again, nanoseconds.
    static let patience: Int64 = 1_000_000_000

    let publisher: String
    private(set) var window = PublisherWindow()
    /// Whether the manager has said where to begin; nothing can be appended before.
    private(set) var hasBegun = false
    /// Whether a message has been accepted that is not recorded.
    private(set) var hasUnrecorded = false
    /// Messages that were refused.
    private(set) var refused = 0
    /// Since when nothing has become safe that is awaited, on the monotonic clock.
    private(set) var stalledSince: Int64
    private var heardAt: Int64
    private var link = Link.away
    private let makeWindow: (_ accepted: UInt64, _ recorded: UInt64) -> PublisherWindow

    /// - Parameters:
    ///   - publisher: The id, 1 to 64 of `A-Z a-z 0-9 . _ -`.
    ///   - now: Nanoseconds of the monotonic clock, here and below.
    ///   - window: Makes the window, once the manager has said where to begin.
    init(
        publisher: String,
        now: Int64,
        window: @escaping (_ accepted: UInt64, _ recorded: UInt64) -> PublisherWindow = {
            PublisherWindow(accepted: $0, recorded: $1)
        }
    ) {
        self.publisher = publisher
        makeWindow = window
        stalledSince = now
        heardAt = now
    }

    /// Whether a connection has been made and the manager knows it.
    var isLive: Bool { link == .live }

    /// Whether something is awaited from the manager.
    var isWaiting: Bool { !hasBegun || !window.isEmpty }

    /// Takes a message; the window must have room.
    mutating func append(_ entry: PublisherWindow.Entry, at now: Int64) {
        if window.isEmpty {
            stalledSince = now
            heardAt = now
        }
        window.append(entry)
    }

    /// What to do now.
    func step(at now: Int64) -> Step {
        switch link {
        case .away: return .greet(hello())
        case .greeted(_, let time): return now - time >= Self.patience ? .greet(hello()) : .wait
        case .live:
            if let (number, entry) = window.next { return .send(number: number, entry) }
            return isWaiting && now - heardAt >= Self.patience ? .greet(hello()) : .wait
        }
    }

    /// A step's message has gone out.
    mutating func sent(_ step: Step, at now: Int64) {
        switch step {
        case .greet(let message): link = .greeted(messageID: message.messageID, at: now)
        case .send: window.advance()
        case .wait: break
        }
    }

    /// This process has not run for a while (it was stopped, or its terminal was): the manager is not to blame for that.
    mutating func overslept(_ nanoseconds: Int64) {
        stalledSince += nanoseconds
        heardAt += nanoseconds
    }

    /// Nobody is connected.
    mutating func disconnected() {
        link = .away
    }

    /// Takes what the manager says; what makes no sense is ignored.
    mutating func receive(_ message: Message, at now: Int64) -> Notice? {
        heardAt = now
        let payload = message.payload
        func number(_ name: String) -> UInt64? { payload[name]?.integerValue.flatMap(UInt64.init(exactly:)) }
        switch message.type {
        case .welcome:
            // A late answer to an earlier greeting is out of date.
            guard case .greeted(let messageID, _) = link, message.replyTo == messageID,
                let accepted = number("accepted"), let recorded = number("recorded")
            else { return nil }
            return welcome(accepted, recorded, at: now)
        case .recorded:
            guard hasBegun, let through = number("through") else { return nil }
            if window.acknowledge(through: through) {
                stalledSince = now
                if payload["recorded"]?.boolValue == false { hasUnrecorded = true }
            }
            return nil
        case .resend:
            guard link == .live, let from = number("from") else { return nil }
            if !window.rewind(to: from) { return .rejected(Self.lost(from)) }
            return nil
        case .hello:
            // A manager that does not know this connection.
            link = .away
            return nil
        case .error:
            let text = payload["message"]?.stringValue ?? "the manager gave no reason"
            guard let refusedNumber = number("number") else { return .rejected(text) }
            guard let entry = window[refusedNumber] else { return nil }
            refused += 1
            return .refused(line: entry.line, text)
        default: return nil
        }
    }

    private func hello() -> Message {
        var payload: [String: JSONValue] = ["publisher": .string(publisher)]
        // What is safe is not asked for again, even by a manager that does not remember this publisher.
        if hasBegun { payload["from"] = JSONValue(window.acknowledged + 1) }
        return Message(.hello, payload: .object(payload))
    }

    private mutating func welcome(_ accepted: UInt64, _ recorded: UInt64, at now: Int64) -> Notice? {
        link = .live
        stalledSince = now
        if !hasBegun {
            hasBegun = true
            window = makeWindow(accepted, recorded)
            return .welcomed(accepted: accepted, recorded: recorded)
        }
        _ = window.acknowledge(through: recorded)
        guard window.rewind(to: max(accepted, window.acknowledged) + 1) else {
            return .rejected(
                "the manager has message \(accepted) of the publisher '\(publisher)', which was not sent from here: "
                    + "does another program publish under that id?"
            )
        }
        return .welcomed(accepted: accepted, recorded: recorded)
    }

    private static func lost(_ number: UInt64) -> String {
        "the manager asks for message \(number), which it had acknowledged; was its data folder replaced?"
    }
}
