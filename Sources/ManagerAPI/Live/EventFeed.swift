internal import DequeModule
internal import ManagerCore
internal import WireProtocol

/// The end of the journal, for everybody who follows it: read once, kept for a while.
///
/// What is told comes out of the journal, by its sequence: so nothing is told twice, left out, or told before it is on disk. Whoever is further
/// behind than what is kept here reads the journal by itself.
actor EventFeed {
    /// How many entries are kept, and how many bytes of text.
    private static let maxKept = 2000
    private static let maxKeptBytes = 2 << 20
    /// How many entries one reading brings, and one client gets at once.
    private static let batch = 256
    /// How often everybody is woken, also where nothing happens.
    static let pulseInterval = Duration.seconds(10)

    private let manager: WorkerManager
    /// The last entries, without holes but for those of the journal.
    private var kept: Deque<JournalEvent> = []
    private var keptBytes = 0
    /// Everything behind this place that there is, up to ``last``, is kept.
    private var keptAfter: Int64 = 0
    private var last: Int64 = 0
    private var clients: [Int: AsyncStream<Void>.Continuation] = [:]
    private var lastClient = 0
    private var isReading = false
    private var isBehind = false

    init(_ manager: WorkerManager) {
        self.manager = manager
    }

    /// Begins to follow the journal; each element says that there may be something new, or that a while has passed.
    func wakes() async throws -> (id: Int, wakes: AsyncStream<Void>) {
        if clients.isEmpty {
            // What was kept for earlier clients may have a hole behind it by now.
            let bounds = try await manager.journalBounds()
            if clients.isEmpty {
                kept = []
                keptBytes = 0
                (keptAfter, last) = (bounds.last, bounds.last)
            }
        }
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        lastClient += 1
        clients[lastClient] = continuation
        continuation.yield()
        // What has been recorded since the places were read had nobody to tell.
        Task { await grown() }
        return (lastClient, stream)
    }

    /// Ends what ``wakes()`` began.
    func leave(_ id: Int) {
        clients.removeValue(forKey: id)?.finish()
    }

    /// Ends it for everybody.
    func close() {
        for client in clients.values { client.finish() }
        clients = [:]
    }

    /// There is something new in the journal.
    func grown() async {
        guard !clients.isEmpty else { return }
        isBehind = true
        guard !isReading else { return }
        isReading = true
        while isBehind {
            isBehind = false
            await readOn()
        }
        isReading = false
    }

    /// Wakes everybody, and looks into the journal, where a reading may have failed.
    func pulse() async {
        wakeAll()
        await grown()
    }

    private func wakeAll() {
        for client in clients.values { client.yield() }
    }

    private func readOn() async {
        while let events = try? await manager.journalEntries(after: last, limit: Self.batch), let end = events.last?.seq
        {
            // Somebody may have begun anew meanwhile.
            let fresh = events.filter { $0.seq > last }
            last = max(last, end)
            for event in fresh {
                kept.append(event)
                keptBytes += event.text.utf8.count
            }
            while kept.count > Self.maxKept || keptBytes > Self.maxKeptBytes, let first = kept.popFirst() {
                keptBytes -= first.text.utf8.count
                keptAfter = first.seq
            }
            wakeAll()
            if events.count < Self.batch { return }
        }
    }

    /// The entries behind a place, the next ones, ascending; empty where there are none yet.
    func events(after place: Int64) async throws -> [JournalEvent] {
        if place < keptAfter { return try await manager.journalEntries(after: place, limit: Self.batch) }
        let start = kept.firstIndex { $0.seq > place } ?? kept.endIndex
        return Array(kept[start...].prefix(Self.batch))
    }

    /// The first and the last place of the journal.
    func bounds() async throws -> (first: Int64, last: Int64) { try await manager.journalBounds() }
}
