internal import EventJournal
internal import Logging
internal import Supervision
internal import WireProtocol

/// Takes requests in: journals commands, carries each out once, and answers everybody who asked.
final class CommandDesk {
    /// The longest `msg_id` of a request, bytes: it is kept with its answer.
    private static let maxIDBytes = 256
    /// How many commands may wait for the manager to have started.
    private static let maxEarly = 1000
    /// The largest payload that is journaled whole, bytes.
    private static let maxJournaledBytes = 64 << 10

    private unowned let control: WorkerControl
    /// Who waits for a command that is under way, by its `msg_id`.
    private var underWay: [String: [Requester]] = [:]
    private var answers = RememberedAnswers()
    /// Commands that came before it was known what an earlier manager has left; they wait for that.
    private var early: [(command: any AdminCommand.Type, requester: Requester)] = []
    private var isOpen = false

    init(_ control: WorkerControl) {
        self.control = control
    }

    func handle(_ requester: Requester) {
        let request = requester.request
        control.secrets.learn(request.payload)
        guard request.messageID.utf8.count <= Self.maxIDBytes else {
            let error = ManagerError(.invalidParameters, "'msg_id' is longer than \(Self.maxIDBytes) bytes")
            return requester.answer(Self.answer(request, .failure(error)))
        }
        guard let command = CommandTable.commands[request.type] else {
            let error = ManagerError(.invalidParameters, "'\(request.type.rawValue)' is not a request to the manager")
            return requester.answer(Self.answer(request, .failure(error)))
        }
        if command.isQuery(request) {
            command.run(
                request,
                on: control,
                reply: Reply(
                    accepted: {},
                    finish: { [unowned self] in requester.answer(Self.answer(request, scrubbed($0))) }
                )
            )
        } else if requester.mayCommand {
            if isOpen { carryOut(command, requester) } else { keep(command, requester) }
        } else {
            let error = ManagerError(.forbidden, "'\(request.type.rawValue)' needs the key of an operator")
            journal(requester, result: "refused", reason: .string(error.description))
            requester.answer(Self.answer(request, .failure(error)))
        }
    }

    private func keep(_ command: any AdminCommand.Type, _ requester: Requester) {
        guard early.count < Self.maxEarly else {
            let error = ManagerError(.serviceUnavailable, "the manager is starting")
            return requester.answer(Self.answer(requester.request, .failure(error)))
        }
        early.append((command, requester))
    }

    /// Carries out what has come too early, and from now on what comes.
    ///
    /// Until then the journal may still say of a worker what an earlier manager meant to do; what a command begins meanwhile would be taken for
    /// that, and be done twice.
    func open() {
        isOpen = true
        defer { early = [] }
        for (command, requester) in early { carryOut(command, requester) }
    }

    private func carryOut(_ command: any AdminCommand.Type, _ requester: Requester) {
        let request = requester.request
        if let answer = answers[request.messageID] { return requester.repeatAnswer(answer) }
        if underWay[request.messageID] != nil {
            underWay[request.messageID]?.append(requester)
            return
        }
        if let failure = control.chronicle.failure {
            let error = ManagerError(.serviceUnavailable, "the journal cannot be written: \(failure)")
            // The attempt itself finds out whether it can be written again.
            journal(requester, result: "refused")
            return requester.answer(Self.answer(request, .failure(error)))
        }
        underWay[request.messageID] = [requester]
        journal(requester, result: nil)
        command.run(
            request,
            on: control,
            reply: Reply(
                accepted: { requester.answer(.ack(request, result: "accepted")) },
                finish: { [unowned self] in finish(requester, $0) }
            )
        )
    }

    /// Records what became of a command, and answers when that is on disk.
    private func finish(_ requester: Requester, _ outcome: Result<[String: JSONValue], ManagerError>) {
        let request = requester.request
        let answer = Self.answer(request, scrubbed(outcome))
        control.metrics.ended(request.type.rawValue, isDone: outcome.failure == nil)
        journal(requester, result: answer.payload["result"]?.stringValue, reason: answer.payload["message"]) {
            [unowned self] in
            answers.remember(answer.bytes, for: request.messageID)
            for requester in underWay.removeValue(forKey: request.messageID) ?? [] { requester.answer(answer) }
        }
    }

    private func journal(
        _ requester: Requester,
        result: String?,
        reason: JSONValue? = nil,
        then: @escaping () -> Void = {}
    ) {
        let (request, origin) = (requester.request, requester.origin)
        var detail: [String: JSONValue] = [
            "msg_id": .string(request.messageID), "who": .string(origin.who), "from": .string(origin.from),
        ]
        if let result {
            detail["result"] = .string(result)
        } else {
            detail["payload"] = Self.journaled(request.payload)
        }
        detail["reason"] = reason
        control.chronicle.record(
            .command,
            workerID: request.workerID,
            cause: request.type.rawValue,
            actor: .operator,
            detail: .object(detail),
            level: .debug,
            then: then
        )
    }

    private func scrubbed(_ outcome: Result<[String: JSONValue], ManagerError>) -> Result<
        [String: JSONValue], ManagerError
    > {
        outcome.mapError { ManagerError($0.code, control.secrets.scrub($0.description)) }
    }

    /// A payload as the journal keeps it: one with a strategy's state in it would be too large.
    private static func journaled(_ payload: JSONValue) -> JSONValue {
        let payload = payload.redacted
        let text = payload.text
        guard text.utf8.count > maxJournaledBytes else { return payload }
        return ["op": payload["op"] ?? .null, "bytes": .integer(Int64(text.utf8.count))]
    }

    private static func answer(_ request: Message, _ outcome: Result<[String: JSONValue], ManagerError>) -> Message {
        switch outcome {
        case .success(let details):
            return .ack(request, result: "done", details: details)
        case .failure(let error):
            var answer = Message.error(
                request.workerID,
                error.description,
                details: ["result": "refused", "code": .string(error.code.rawValue)]
            )
            answer.replyTo = request.messageID
            return answer
        }
    }
}
