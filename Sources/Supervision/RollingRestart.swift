/// Restarts many workers, a few at a time: the next only when one is back, and none any more when one does not come back.
///
/// It is pure. What counts as back, and until when, is the lives' affair: each ends in running again or in error.
package struct RollingRestart: Sendable {
    /// What happened.
    package enum Event: Hashable, Sendable {
        /// The first event.
        case begin
        /// A worker that was restarted runs again.
        case ready(String)
        /// A worker that was restarted has not come back, or cannot be restarted.
        case failed(String, reason: String)
    }

    /// What is to be done.
    package enum Action: Hashable, Sendable {
        /// Restart a worker.
        case restart(String)
        /// All are back. Nothing more will come.
        case finished
        /// One has not come back: those on their way are left to it, the rest is not touched. Nothing more will come.
        case aborted(at: String, reason: String)
    }

    /// How many may be away at once.
    package let maxUnavailable: Int
    /// Whose turn has not come, in order.
    package private(set) var waiting: [String]
    /// Who has been restarted and is not back yet.
    package private(set) var away: Set<String> = []
    /// Who is back, in order.
    package private(set) var done: [String] = []
    /// Whether it has finished or been aborted.
    package private(set) var isOver = false
    private var hasBegun = false

    /// - Parameters:
    ///   - workerIDs: Who is to be restarted, in order; each once.
    ///   - maxUnavailable: How many may be away at once; at least 1.
    package init(_ workerIDs: [String], maxUnavailable: Int = 1) {
        var seen: Set<String> = []
        waiting = workerIDs.filter { seen.insert($0).inserted }
        self.maxUnavailable = max(maxUnavailable, 1)
    }

    /// Takes in what happened and says what to do. What is said of a worker that is not away changes nothing.
    package mutating func on(_ event: Event) -> [Action] {
        switch event {
        case .begin:
            guard !hasBegun else { return [] }
            hasBegun = true
            return goOn()
        case .ready(let id):
            guard !isOver, away.remove(id) != nil else { return [] }
            done.append(id)
            return goOn()
        case .failed(let id, let reason):
            guard !isOver, away.remove(id) != nil else { return [] }
            isOver = true
            return [.aborted(at: id, reason: reason)]
        }
    }

    private mutating func goOn() -> [Action] {
        var actions: [Action] = []
        while away.count < maxUnavailable, let next = waiting.first {
            waiting.removeFirst()
            away.insert(next)
            actions.append(.restart(next))
        }
        guard actions.isEmpty, away.isEmpty else { return actions }
        isOver = true
        return [.finished]
    }
}
