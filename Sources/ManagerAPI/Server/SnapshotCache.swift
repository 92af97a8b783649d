internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// The answers to questions that many ask at once: the manager is asked once for all of them.
///
/// An answer is kept for a moment, but not beyond the next entry in the journal: who has been told of a change sees it.
actor SnapshotCache {
    /// How long an answer is good where nothing is recorded; what heartbeats bring may be that old.
    static let lifetime = Duration.milliseconds(100)

    /// An answer, as a value and as the text that is sent.
    struct Snapshot: Sendable {
        let value: JSONValue
        let text: ByteBuffer
    }

    private struct Entry {
        let snapshot: Snapshot
        let changes: UInt64
        let madeAt: ContinuousClock.Instant
    }

    private struct Asking {
        let changes: UInt64
        let task: Task<Result<Snapshot, APIError>, Never>
    }

    private let port: ManagerPort
    private var entries: [MessageType: Entry] = [:]
    private var asking: [MessageType: Asking] = [:]

    init(_ port: ManagerPort) {
        self.port = port
    }

    /// The manager's answer to a question without payload.
    func answer(to type: MessageType) async throws(APIError) -> Snapshot {
        let changes = port.manager.notice.changes
        if let entry = entries[type], entry.changes == changes, .now - entry.madeAt < Self.lifetime {
            return entry.snapshot
        }
        if let under = asking[type], under.changes == changes { return try await under.task.value.get() }
        let task = Task { await fetch(type) }
        asking[type] = Asking(changes: changes, task: task)
        let result = await task.value
        if asking[type]?.task == task { asking[type] = nil }
        if case .success(let snapshot) = result {
            entries[type] = Entry(snapshot: snapshot, changes: changes, madeAt: .now)
        }
        return try result.get()
    }

    private func fetch(_ type: MessageType) async -> Result<Snapshot, APIError> {
        do throws(APIError) {
            let value = try await port.ask(type, from: CommandOrigin(who: "api", from: "http"))
            return .success(Snapshot(value: value, text: ByteBuffer(string: value.text)))
        } catch {
            return .failure(error)
        }
    }
}
