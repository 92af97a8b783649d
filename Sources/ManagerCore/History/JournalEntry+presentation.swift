internal import EventJournal
internal import Logging
internal import MarketFiles
internal import WireProtocol

// How entries and signals look in logs, on the wire and in `journal --json`.
extension JournalEntry {
    /// One line for a log.
    var line: String {
        switch kind {
        case .transition: "\(fromState.map { "\($0) → " } ?? "")\(toState ?? "?"): \(cause ?? "")"
        case .command: "command \(cause ?? "?")"
        default: cause ?? kind.rawValue
        }
    }

    /// What a structured log wants apart from the line.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        if let workerID { metadata["worker"] = "\(workerID)" }
        if let generation, generation > 0 { metadata["generation"] = "\(generation)" }
        if kind == .command, let detail = detail.flatMap({ try? JSONValue(parsing: $0) }) {
            if let id = detail["msg_id"]?.stringValue { metadata["request_id"] = "\(id)" }
            if let result = detail["result"]?.stringValue { metadata["result"] = "\(result)" }
        }
        if let actor, kind == .command || kind == .transition { metadata["actor"] = "\(actor)" }
        return metadata
    }

    /// The fields of `journal --json`, but for `seq`. `who` gave it and `from` where are null but for a command.
    var json: [String: JSONValue] {
        let detail = detail.flatMap { try? JSONValue(parsing: $0) } ?? .null
        return [
            "time": .string(TimeText.iso8601(nanoseconds: time)),
            "kind": .string(kind.rawValue),
            "worker_id": JSONValue(workerID),
            "generation": generation.map { JSONValue($0) } ?? .null,
            "from_state": JSONValue(fromState),
            "to_state": JSONValue(toState),
            "cause": JSONValue(cause),
            "actor": JSONValue(actor),
            "who": kind == .command ? detail["who"] ?? .null : .null,
            "from": kind == .command ? detail["from"] ?? .null : .null,
            "detail": detail,
        ]
    }
}

extension RecordedEntry {
    /// The fields of `journal --json`.
    var json: JSONValue {
        .object(entry.json.merging(["seq": .integer(seq)]) { $1 })
    }
}

extension DeathRecord {
    /// As `why` answers.
    var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
        return [
            "generation": JSONValue(generation),
            "time": .string(TimeText.iso8601(nanoseconds: time)),
            "cause": .string(cause),
            "exit": JSONValue(exit),
            "core_dumped": core.map(JSONValue.bool) ?? .null,
            "out_of_memory": oom.map(JSONValue.bool) ?? .null,
            "last_heartbeat": lastHeartbeat.map { .string(TimeText.iso8601(nanoseconds: $0)) } ?? .null,
            "last_topic": JSONValue(lastTopic),
            "last_sequence": lastSequence.map { JSONValue($0) } ?? .null,
            "callback": JSONValue(callback),
            "callback_seconds": number(callbackSeconds),
            "peak_resident_bytes": peakRSS.map(JSONValue.integer) ?? .null,
            "cpu_user_seconds": number(cpuUser),
            "cpu_system_seconds": number(cpuSystem),
            "log_tail": JSONValue(logTail),
            "backtrace": JSONValue(backtrace),
        ]
    }
}

extension SignalRecord {
    /// One line for a log.
    var line: String {
        var words = ["signal", name]
        if let side { words.append(side) }
        if let symbol { words.append(symbol) }
        if let price { words.append("at \(price)") }
        if let quantity { words.append("quantity \(quantity)") }
        return words.joined(separator: " ")
    }

    /// The fields of `signals --json`.
    var json: JSONValue {
        [
            "signal_id": .string(signalID),
            "worker_id": .string(workerID),
            "generation": generation.map { JSONValue($0) } ?? .null,
            "name": .string(name),
            "side": JSONValue(side),
            "symbol": JSONValue(symbol),
            "data_type": JSONValue(dataType),
            "sequence": sequence.map { JSONValue($0) } ?? .null,
            "event_time": eventTime.map { .string(TimeText.iso8601(nanoseconds: $0)) } ?? .null,
            "price": price.map(JSONValue.number) ?? .null,
            "quantity": quantity.map(JSONValue.number) ?? .null,
            "data": data.flatMap { try? JSONValue(parsing: $0) } ?? .null,
            "emitted_at": .string(TimeText.iso8601(nanoseconds: emittedAt)),
        ]
    }

    /// Reads a worker's `signal`.
    ///
    /// - Throws: ``ProtocolError`` when a needed field is missing or a known one has the wrong type.
    init(_ message: Message, workerID: String, generation: UInt64) throws(ProtocolError) {
        let payload = message.payload
        func text(_ key: String) throws(ProtocolError) -> String? {
            guard let value = payload[key], value != .null else { return nil }
            guard let text = value.stringValue, text.utf8.count <= 256 else {
                throw ProtocolError("'\(key)' of a signal must be text of at most 256 bytes")
            }
            return text
        }
        func number(_ key: String) throws(ProtocolError) -> Double? {
            guard let value = payload[key], value != .null else { return nil }
            guard let number = value.doubleValue else { throw ProtocolError("'\(key)' of a signal must be a number") }
            return number
        }
        guard let signalID = try text("signal_id"), let name = try text("name") else {
            throw ProtocolError("a signal needs 'signal_id' and 'name'")
        }
        self.init(
            signalID: signalID,
            workerID: workerID,
            generation: generation,
            number: message.sequence,
            name: name,
            side: try text("side"),
            symbol: try text("symbol"),
            dataType: try text("data_type"),
            sequence: payload["sequence"]?.integerValue.flatMap(UInt64.init(exactly:)),
            eventTime: payload["event_time"]?.integerValue,
            price: try number("price"),
            quantity: try number("quantity"),
            data: payload["data"].flatMap { $0 == .null ? nil : $0.text },
            emittedAt: message.timestampNanoseconds
                ?? TimeFields.nanoseconds(seconds: message.timestamp) ?? WallClock.nanoseconds()
        )
    }
}
