/// Keeps a machine upright on which many workers start, or fall, at once.
///
/// Two things. A **token bucket** for all processes that are started: so many at once, so many a second, whoever asks. And a
/// **pause for correlated failures**: where several workers fail of one cause within a short time, the cause lies outside of them (a feed, a
/// disk, the memory), and restarting each by itself only adds load; then all restarts wait together, and one report says so. Deaths of one
/// cause come one after the other, however close: from the second on a restart waits for ``gathering``, in which it shows whether more
/// follow, so that a storm finds but the very first replaced. What a person asks for waits for the bucket alone, and goes before restarts.
///
/// It is pure. Who is not admitted at once waits in line here, until ``release(at:)`` names it.
package struct StormBreaker: Sendable {
    package typealias Instant = SuspendingClock.Instant

    /// The limits.
    package struct Configuration: Hashable, Sendable {
        /// How many processes may be started in a second, in the long run. Less than 0.01 counts as 0.01.
        package var spawnsPerSecond: Double
        /// How many may be started at once; at least 1.
        package var burst: Int
        /// How many workers must fail of one cause to make a storm.
        package var stormWorkers: Int
        /// Within which time.
        package var stormWindow: Duration
        /// How long restarts pause.
        package var stormPause: Duration

        package init(
            spawnsPerSecond: Double = 20,
            burst: Int = 20,
            stormWorkers: Int = 5,
            stormWindow: Duration = .seconds(5),
            stormPause: Duration = .seconds(5)
        ) {
            self.spawnsPerSecond = spawnsPerSecond
            self.burst = burst
            self.stormWorkers = stormWorkers
            self.stormWindow = stormWindow
            self.stormPause = stormPause
        }
    }

    /// Who asks for a process.
    package enum Purpose: Hashable, Sendable {
        /// A person, or the manager for one.
        case request
        /// The restart policy.
        case restart
    }

    /// When a process may be started.
    package enum Admission: Hashable, Sendable {
        case now
        /// Not yet: about then, when ``release(at:)`` will name the worker.
        case at(Instant)
    }

    /// How long a restart waits to see whether more fail of the same cause, where another worker just did.
    package static let gathering = Duration.milliseconds(100)

    /// Several workers have failed of one cause.
    package struct Storm: Hashable, Sendable {
        /// Of what.
        package let cause: FailureCause
        /// Who failed, in order, until it was noticed; more may follow.
        package let workerIDs: [String]
        /// Within which time.
        package let window: Duration
        /// Until when restarts wait.
        package let until: Instant
    }

    private var configuration: Configuration
    /// The time that one start uses up.
    private var interval: Duration { .seconds(1) / max(configuration.spawnsPerSecond, 0.01) }
    /// How far ahead of itself the bucket may run: what it holds when full.
    private var tolerance: Duration { interval * (max(configuration.burst, 1) - 1) }
    /// When the bucket would be full again; the "theoretical arrival time" of the generic cell rate algorithm (ITU-T I.371), which
    /// is exact where counting fractions of tokens is not.
    private var fullAt: Instant?
    /// Until when restarts wait because of a storm.
    private var pausedUntil: Instant?
    /// Until when restarts wait to see whether there is one.
    private var gatheringUntil: Instant?
    private var failures: [FailureCause: [(workerID: String, at: Instant)]] = [:]
    private var requests: [String] = []
    private var restarts: [String] = []

    package init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Has other limits hold from here on. Who waits already goes on waiting as it was told.
    package mutating func configure(_ configuration: Configuration) {
        self.configuration = configuration
    }

    // MARK: Starting

    /// Asks whether a worker's process may be started now. Asking again replaces what it asked before.
    package mutating func admit(_ workerID: String, for purpose: Purpose, at now: Instant) -> Admission {
        forget(workerID)
        let isNext = requests.isEmpty && (purpose == .request || restarts.isEmpty && mayRestart(at: now))
        if isNext, take(at: now) { return .now }
        switch purpose {
        case .request: requests.append(workerID)
        case .restart: restarts.append(workerID)
        }
        return .at(expected(workerID, at: now) ?? now)
    }

    /// Names those who waited and may start now, in order.
    package mutating func release(at now: Instant) -> [String] {
        var released: [String] = []
        while let next = requests.first, take(at: now) {
            released.append(next)
            requests.removeFirst()
        }
        while requests.isEmpty, mayRestart(at: now), let next = restarts.first, take(at: now) {
            released.append(next)
            restarts.removeFirst()
        }
        return released
    }

    /// Takes a worker out of the line.
    package mutating func forget(_ workerID: String) {
        requests.removeAll { $0 == workerID }
        restarts.removeAll { $0 == workerID }
    }

    /// Who waits, in the order in which they will start.
    package var waiting: [String] { requests + restarts }

    /// When a worker that waits will start, if nothing comes between; `nil` for one that does not wait.
    package func expected(_ workerID: String, at now: Instant) -> Instant? {
        if let index = requests.firstIndex(of: workerID) { return slot(index, from: now) }
        guard let index = restarts.firstIndex(of: workerID) else { return nil }
        return slot(requests.count + index, from: max(restartsWaitUntil ?? now, now))
    }

    /// When ``release(at:)`` has something to do next; `nil` while nobody waits.
    package var nextDeadline: Instant? {
        let token = fullAt.map { $0 - tolerance }
        if !requests.isEmpty { return token }
        guard !restarts.isEmpty else { return nil }
        return [token, restartsWaitUntil].compactMap { $0 }.max()
    }

    /// Whether restarts wait because of a storm.
    package func isPaused(at now: Instant) -> Bool {
        pausedUntil.map { now < $0 } ?? false
    }

    private var restartsWaitUntil: Instant? {
        [pausedUntil, gatheringUntil].compactMap { $0 }.max()
    }

    private func mayRestart(at now: Instant) -> Bool {
        restartsWaitUntil.map { $0 <= now } ?? true
    }

    // MARK: Failing

    /// Notes that a worker has failed.
    ///
    /// - Parameters:
    ///   - workerID: Which.
    ///   - cause: Of what.
    ///   - now: The time.
    /// - Returns: The storm, if this makes one. What fails while restarts pause belongs to the same.
    package mutating func failed(_ workerID: String, of cause: FailureCause, at now: Instant) -> Storm? {
        guard !isPaused(at: now) else { return nil }
        var recent = failures[cause] ?? []
        recent.removeAll { $0.at + configuration.stormWindow <= now || $0.workerID == workerID }
        if let last = recent.last, now - last.at < Self.gathering { gatheringUntil = now + Self.gathering }
        recent.append((workerID, now))
        failures[cause] = recent
        guard recent.count >= configuration.stormWorkers else { return nil }
        failures.removeAll()
        gatheringUntil = nil
        let until = now + configuration.stormPause
        pausedUntil = until
        return Storm(
            cause: cause,
            workerIDs: recent.map(\.workerID),
            window: configuration.stormWindow,
            until: until
        )
    }

    // MARK: The bucket

    private mutating func take(at now: Instant) -> Bool {
        let full = max(fullAt ?? now, now)
        guard full - now <= tolerance else { return false }
        fullAt = full + interval
        return true
    }

    /// When the start after `index` others comes, none of them before `start`.
    private func slot(_ index: Int, from start: Instant) -> Instant {
        max(start, max(fullAt ?? start, start) + interval * index - tolerance)
    }
}
