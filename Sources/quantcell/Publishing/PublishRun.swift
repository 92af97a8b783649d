import WireProtocol

/// Checks messages and publishes them, one after the other.
struct PublishRun {
    /// How many bad lines are shown; more are counted.
    private static let maxReports = 100

    /// What bare data objects are about; `nil` when only envelopes are expected.
    let topic: Topic?
    /// Messages that were sent.
    private(set) var sent = 0
    /// Messages that the manager had before.
    private(set) var skipped = 0
    /// Lines that are no message, or whose message the manager refused.
    private(set) var bad = 0
    /// Number of the last message.
    private var number: UInt64 = 0
    private var start: PublisherStart?

    init(topic: Topic?) {
        self.topic = topic
    }

    /// Publishes standard input, a message a line.
    mutating func sendLines<Publisher: MessagePublisher & ~Copyable>(
        to publisher: inout Publisher
    ) throws(CommandFailure) {
        var reader = LineReader()
        // A manager that goes away while there is nothing to publish has to get what it had not recorded.
        func goesOn() throws(CommandFailure) -> Bool {
            try publisher.turn()
            return !Interrupt.isRequested
        }
        while !Interrupt.isRequested, let line = try reader.next(whileWaiting: goesOn) {
            switch message(line) {
            case nil: continue
            case .success(let message)?:
                guard try send(message, line: reader.number, to: &publisher) else { return }
            case .failure(let error)?: report(line: reader.number, "\(error)")
            }
        }
    }

    /// Publishes one message. Returns `false` when the user has asked to stop before it was taken.
    mutating func send<Publisher: MessagePublisher & ~Copyable>(
        _ message: PublishMessage,
        line: Int,
        to publisher: inout Publisher
    ) throws(CommandFailure) -> Bool {
        let start = try begin(&publisher)
        number += 1
        if number > start.recorded {
            guard try publisher.send(topic: message.topic, body: message.body, line: line) else { return false }
        }
        if number > start.accepted { sent += 1 } else { skipped += 1 }
        report(publisher.takeRefusals())
        return true
    }

    /// Waits until everything is safe.
    mutating func finish<Publisher: MessagePublisher & ~Copyable>(
        _ publisher: consuming Publisher
    ) throws(CommandFailure) -> PublisherOutcome {
        let outcome = try publisher.finish()
        report(outcome.refusals)
        sent -= min(outcome.refused, sent)
        return outcome
    }

    /// For people.
    func text(_ outcome: PublisherOutcome) -> String {
        var text = "published \(NumberText.counted(sent, "message"))"
        if outcome.safety == .accepted { text += ", not all recorded: the manager does not record everything" }
        if outcome.unacknowledged > 0 { text += ", \(NumberText.grouped(outcome.unacknowledged)) not acknowledged" }
        if skipped > 0 { text += ", left out \(NumberText.grouped(skipped)) that the manager had" }
        if bad > 0 { text += ", skipped \(NumberText.counted(bad, "bad line"))" }
        return text
    }

    /// For scripts.
    func json(_ outcome: PublisherOutcome) -> JSONValue {
        [
            "published": .integer(Int64(sent)), "bad": .integer(Int64(bad)),
            "safety": .string(outcome.safety.rawValue), "published_before": .integer(Int64(skipped)),
            "unacknowledged": .integer(Int64(outcome.unacknowledged)),
        ]
    }

    private mutating func begin<Publisher: MessagePublisher & ~Copyable>(
        _ publisher: inout Publisher
    ) throws(CommandFailure) -> PublisherStart {
        if let start { return start }
        let begun = try publisher.begin()
        start = begun
        return begun
    }

    /// What a line says; `nil` for a blank one.
    private func message(_ line: LineReader.Line) -> Result<PublishMessage, ProtocolError>? {
        switch line {
        case .tooLong: return .failure(ProtocolError("longer than \(LineReader.maxBytes) bytes"))
        case .text(let text):
            if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
            return text.withUnsafeBytes { bytes in
                Result { () throws(ProtocolError) in try PublishMessage(parsing: bytes, topic: topic) }
            }
        }
    }

    private mutating func report(_ refusals: [PublisherRefusal]) {
        for refusal in refusals { report(line: refusal.line, "refused by the manager: \(refusal.reason)") }
    }

    private mutating func report(line: Int, _ reason: String) {
        bad += 1
        if bad <= Self.maxReports { Diagnostics.print("line \(line): \(reason)") }
        if bad == Self.maxReports { Diagnostics.print("more bad lines are only counted") }
    }
}
