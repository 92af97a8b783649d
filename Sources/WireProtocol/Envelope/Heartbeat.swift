/// What a supervisor needs of a heartbeat, read from its bytes without making a value of every member.
///
/// Heartbeats are what a manager reads most of all; as a ``Message`` one of them costs more than all that is done with it. Only those of
/// the usual shape are taken, as this project's workers send them; any other is read as the ``Message`` that it is.
package struct Heartbeat {
    package private(set) var workerID = ""
    package private(set) var generation: UInt64?
    package private(set) var processed: UInt64 = 0
    package private(set) var signals: UInt64 = 0
    package private(set) var errors: UInt64 = 0
    /// The callback that runs now.
    package private(set) var callback: String?
    package private(set) var callbackSeconds = 0.0
    /// The sum of the last sequences handled.
    package private(set) var handledTotal: UInt64?
    /// The last sequence handled, by topic.
    package private(set) var positions: [String: UInt64] = [:]
    /// When the manager had taken what was handled last, nanoseconds since the Unix epoch; 0 where nothing was.
    package private(set) var handledReceiveTime: Int64 = 0
    /// Signals that the worker has not been told are on disk.
    package private(set) var pendingSignals: UInt64 = 0
    /// The payload as it stands, a JSON object; with all of ``details``.
    package private(set) var payload: [UInt8] = []

    /// Members of the payload that are only shown.
    package static let details = ["callback", "callback_seconds", "signals_pending"] + shown.map(\.description)

    private static let shown: [StaticString] = [
        "last_topic", "last_sequence", "messages_missed", "messages_repeated", "messages_unrequested",
        "messages_unreadable", "messages_lost", "messages_dropped", "messages_conflated", "messages_replayed",
        "messages_late", "mode", "lane", "overruns",
    ]

    /// Reads a heartbeat; `nil` for anything but one of the usual shape.
    package init?(parsing bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Message.maxBytes else { return nil }
        var scanner = JSONScanner(bytes)
        guard (try? readEnvelope(&scanner)) == true else { return nil }
    }

    /// The members that must be there; behind these the ``shown`` ones, in their order.
    private struct Seen: OptionSet {
        let rawValue: UInt32

        static let type = Seen(rawValue: 1 << 0)
        static let workerID = Seen(rawValue: 1 << 1)
        static let payload = Seen(rawValue: 1 << 2)
        static let envelope: Seen = [.type, .workerID, .payload]

        static let processed = Seen(rawValue: 1 << 0)
        static let signals = Seen(rawValue: 1 << 1)
        static let errors = Seen(rawValue: 1 << 2)
        static let callback = Seen(rawValue: 1 << 3)
        static let callbackSeconds = Seen(rawValue: 1 << 4)
        static let positions = Seen(rawValue: 1 << 5)
        static let handledReceiveTime = Seen(rawValue: 1 << 6)
        static let pendingSignals = Seen(rawValue: 1 << 7)
        static let all = Seen(rawValue: (1 << (8 + UInt32(Heartbeat.shown.count))) - 1)

        static func shown(_ index: Int) -> Seen { Seen(rawValue: 1 << (8 + UInt32(index))) }
    }

    private mutating func readEnvelope(_ scanner: inout JSONScanner) throws(JSONError) -> Bool {
        var seen: Seen = []
        guard try scanner.beginObject() else { return false }
        repeat {
            let key = try scanner.key()
            if scanner.matches(key, "payload") {
                _ = try scanner.peek()
                let start = scanner.offset
                guard try readPayload(&scanner) else { return false }
                payload = [UInt8](scanner.bytes[start..<scanner.offset])
                seen.insert(.payload)
            } else if scanner.matches(key, "msg_type") {
                guard scanner.matches(try scanner.stringRange(), "heartbeat") else { return false }
                seen.insert(.type)
            } else if scanner.matches(key, "worker_id") {
                workerID = try scanner.text(scanner.stringRange())
                seen.insert(.workerID)
            } else if scanner.matches(key, "generation") {
                guard let number = try scanner.count() else { return false }
                generation = number
            } else if scanner.matches(key, "timestamp") {
                _ = try scanner.double()
            } else if scanner.matches(key, "msg_id") {
                try scanner.validate(scanner.stringRange())
            } else {
                return false
            }
        } while try scanner.nextMember()
        try scanner.end()
        return seen == .envelope
    }

    private mutating func readPayload(_ scanner: inout JSONScanner) throws(JSONError) -> Bool {
        var seen: Seen = []
        guard try scanner.beginObject() else { return false }
        repeat {
            let key = try scanner.key()
            guard !key.isEscaped else { return false }
            if scanner.matches(key, "messages_processed") {
                guard let number = try scanner.count() else { return false }
                processed = number
                seen.insert(.processed)
            } else if scanner.matches(key, "signals_emitted") {
                guard let number = try scanner.count() else { return false }
                signals = number
                seen.insert(.signals)
            } else if scanner.matches(key, "errors_count") {
                guard let number = try scanner.count() else { return false }
                errors = number
                seen.insert(.errors)
            } else if scanner.matches(key, "handled_total") {
                guard let number = try scanner.count() else { return false }
                handledTotal = number
            } else if scanner.matches(key, "callback") {
                callback = try scanner.takeNull() ? nil : scanner.text(scanner.stringRange())
                seen.insert(.callback)
            } else if scanner.matches(key, "callback_seconds") {
                callbackSeconds = try scanner.double()
                seen.insert(.callbackSeconds)
            } else if scanner.matches(key, "positions") {
                guard let sequences = try scanner.value().sequencesValue else { return false }
                positions = sequences
                seen.insert(.positions)
            } else if scanner.matches(key, "handled_receive_ns") {
                guard let time = try scanner.value().integerValue else { return false }
                handledReceiveTime = time
                seen.insert(.handledReceiveTime)
            } else if scanner.matches(key, "signals_pending") {
                guard let number = try scanner.count() else { return false }
                pendingSignals = number
                seen.insert(.pendingSignals)
            } else {
                if let index = Self.shown.firstIndex(where: { scanner.matches(key, $0) }) { seen.insert(.shown(index)) }
                try scanner.skip()
            }
        } while try scanner.nextMember()
        return seen == .all
    }
}

extension JSONScanner {
    /// Reads a value; `nil` unless it is a whole number from 0.
    fileprivate mutating func count() throws(JSONError) -> UInt64? {
        try value().integerValue.flatMap(UInt64.init(exactly:))
    }
}
