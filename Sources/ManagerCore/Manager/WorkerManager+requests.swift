internal import EventJournal
internal import Supervision
package import WireProtocol
internal import ZeroMQ

// What comes in over HTTP goes through the commands of the admin socket.
extension WorkerManager {
    /// Carries out a request as if it had come over the admin socket.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - origin: Who asks, for the journal.
    ///   - timeout: How long the last word is waited for; what is under way then goes on.
    /// - Returns: The last word: an `ack` with the result, or an `error` with the `code`.
    package func ask(_ request: Message, from origin: CommandOrigin, timeout: Duration) async -> Message {
        let pending = PendingAnswer()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pending.waiter = continuation
                let timer = controlLoop.schedule(after: timeout) { pending.finish(.slow(request)) }
                pending.onFinish = { [controlLoop] in controlLoop.cancel(timer) }
                if Task.isCancelled { return pending.finish(.slow(request)) }
                do throws(ManagerError) {
                    try handle(request, from: origin) { answer in
                        if answer.payload["result"]?.stringValue != "accepted" { pending.finish(answer) }
                    }
                } catch {
                    pending.finish(.refusal(of: request, error))
                }
            }
        } onCancel: {
            controlLoop.execute { pending.finish(.slow(request)) }
        }
    }

    /// Whether it runs and does what it is told; why not, otherwise.
    package var readiness: ManagerError? {
        guard let control = running?.control, !isStopping else {
            return ManagerError(.serviceUnavailable, "the manager is starting or stopping")
        }
        guard let failure = control.chronicle.failure else { return nil }
        return ManagerError(.serviceUnavailable, "the journal cannot be written: \(failure)")
    }

    /// Entries of the journal behind a place, ascending, read off the loop.
    ///
    /// - Throws: An error when the manager does not run, or the journal cannot be read.
    package func journalEntries(after: Int64, limit: Int) async throws -> [JournalEvent] {
        let journal = try openJournal()
        return try await Task.detached {
            try journal.entries(matching: JournalQuery(afterSequence: after, limit: limit)).map(JournalEvent.init)
        }.value
    }

    /// The places of the first and the last entry of the journal; 0 where it is empty.
    ///
    /// - Throws: An error when the manager does not run, or the journal cannot be read.
    package func journalBounds() async throws -> (first: Int64, last: Int64) {
        let journal = try openJournal()
        return try await Task.detached {
            let first = try journal.entries(matching: JournalQuery(limit: 1)).first?.seq ?? 0
            let last = try journal.entries(matching: JournalQuery(limit: 1, keeping: .newest)).last?.seq ?? 0
            return (first, last)
        }.value
    }

    private func openJournal() throws(ManagerError) -> EventJournal {
        guard let journal = running?.journal else {
            throw ManagerError(.serviceUnavailable, "the manager is starting or stopping")
        }
        return journal
    }
}

/// An entry of the journal, as it is told over HTTP.
package struct JournalEvent: Hashable, Sendable {
    package let seq: Int64
    package let kind: String
    package let workerID: String?
    /// The entry as one JSON object.
    package let text: String

    init(_ recorded: RecordedEntry) {
        seq = recorded.seq
        kind = recorded.entry.kind.rawValue
        workerID = recorded.entry.workerID
        text = recorded.json.text
    }
}

/// Somebody who waits for an answer, once; it belongs to the control loop.
private final class PendingAnswer: @unchecked Sendable {
    var waiter: CheckedContinuation<Message, Never>?
    var onFinish: () -> Void = {}

    func finish(_ answer: Message) {
        guard let waiter else { return }
        self.waiter = nil
        onFinish()
        onFinish = {}
        waiter.resume(returning: answer)
    }
}

extension Message {
    /// The answer to a request that is refused.
    fileprivate static func refusal(of request: Message, _ error: ManagerError) -> Message {
        var answer = Message.error(
            request.workerID,
            error.description,
            details: ["result": "refused", "code": .string(error.code.rawValue)]
        )
        answer.replyTo = request.messageID
        return answer
    }

    /// The answer to who no longer waits.
    fileprivate static func slow(_ request: Message) -> Message {
        .refusal(
            of: request,
            ManagerError(.serviceUnavailable, "'\(request.type.rawValue)' is not finished yet; it is still under way")
        )
    }
}
