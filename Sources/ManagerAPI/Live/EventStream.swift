internal import ManagerCore
internal import NIOCore
internal import ServiceLifecycle
internal import WireProtocol

/// Where a stream of events goes to, in its own form.
protocol EventSink: Sendable {
    /// Sends the state of everything as of a place of the journal.
    func snapshot(_ data: ByteBuffer, seq: Int64) async throws
    /// Sends entries of the journal.
    func events(_ events: [JournalEvent]) async throws
    /// Says that the journal no longer has what lay in between.
    func gap(from: Int64, to: Int64) async throws
    /// Shows that the connection lives.
    func pulse() async throws
}

/// One client's way through the journal: a snapshot, or the place where it had got to, and then every entry.
struct EventStream: Sendable {
    /// How long a client may take to accept what it is sent, before it is cut off.
    private static let patience = TimeAmount.seconds(10)

    let feed: EventFeed
    let cache: SnapshotCache
    let channel: any Channel
    /// Whether the client would still be let in.
    let isWelcome: @Sendable () -> Bool

    /// Runs until the client goes, is cut off, or the server ends.
    ///
    /// - Parameter place: Where the client had got to; `nil` for one that begins.
    func run(after place: Int64?, filter: @Sendable () -> EventFilter, into sink: some EventSink) async throws {
        let (id, wakes) = try await feed.wakes()
        do {
            var cursor = try await begin(after: place, sink)
            var lastSent = ContinuousClock.now
            for await _ in wakes.cancelOnGracefulShutdown() {
                guard isWelcome() else { break }
                while true {
                    let events = try await feed.events(after: cursor)
                    guard let last = events.last?.seq else { break }
                    cursor = last
                    let filter = filter()
                    let wanted = events.filter(filter.admits)
                    guard !wanted.isEmpty else { continue }
                    try await patiently { try await sink.events(wanted) }
                    lastSent = .now
                }
                if .now - lastSent >= EventFeed.pulseInterval / 2 {
                    try await patiently { try await sink.pulse() }
                    lastSent = .now
                }
            }
        } catch {
            await feed.leave(id)
            throw error
        }
        await feed.leave(id)
    }

    private func begin(after place: Int64?, _ sink: some EventSink) async throws -> Int64 {
        let bounds = try await feed.bounds()
        if let place, place <= bounds.last {
            guard bounds.first > place + 1 else { return place }
            try await patiently { try await sink.gap(from: place + 1, to: bounds.first - 1) }
            return bounds.first - 1
        }
        // The place first: what happens meanwhile is told once more, which changes nothing.
        var data = ByteBuffer(string: "{\"seq\":\(bounds.last),\"workers\":")
        let workers = try await cache.answer(to: .list)
        let topics = try await cache.answer(to: .topics)
        data.writeString((workers.value["workers"] ?? []).text)
        data.writeString(",\"topics\":\((topics.value["topics"] ?? []).text)}")
        let whole = data
        try await patiently { try await sink.snapshot(whole, seq: bounds.last) }
        return bounds.last
    }

    /// Sends something, and cuts the client off where it does not take it.
    private func patiently(_ send: () async throws -> Void) async throws {
        let limit = channel.eventLoop.scheduleTask(in: Self.patience) { [channel] in
            channel.close(mode: .all, promise: nil)
        }
        defer { limit.cancel() }
        try await send()
    }
}
