/// Kills process trees until nothing of them is left. Never waits: the caller comes back for the next round.
///
/// One of these serves all workers that stop at the same time, so that each round looks through `/proc` once for all of
/// them. A tree is best added when its leader has exited but has not been collected: until then its session's number is
/// certainly its own.
///
/// Each round stops every member with SIGSTOP before it kills the first with SIGKILL, and looks again until no new one
/// appears: a fork bomb that is only killed member by member grows back faster.
package struct TreeKill {
    /// What a round has come to.
    package struct Round {
        /// Trees of which nothing is left; each comes once.
        package var gone: [Gone] = []
        /// Trees that SIGKILL does not end, each with those who are left: they hang in the kernel, or belong to another
        /// user. Comes once for each tree, which is worked on all the same.
        package var stuck: [(tree: ProcessTree, members: [ProcessFingerprint])] = []
        /// When to come for the next round; `nil` when there is nothing left to kill.
        package var next: Duration?
    }

    /// A tree of which nothing is left.
    package struct Gone: Hashable, Sendable {
        package let tree: ProcessTree
        /// Those that were found alive and were killed.
        package let killed: Set<ProcessFingerprint>
    }

    private struct Target {
        let tree: ProcessTree
        var seen: Set<ProcessFingerprint> = []
        var rounds = 0
        var cleanRounds = 0
    }

    /// From 1 ms, doubling to 128 ms: this is after about 2 s.
    private static let roundsUntilStuck = 22
    private static let looksForNewMembers = 8

    private var targets: [Target] = []

    package init() {}

    /// Whether there is nothing to kill.
    package var isEmpty: Bool { targets.isEmpty }

    /// Has `tree` killed from the next round on, and its leader with it if that lives.
    package mutating func add(_ tree: ProcessTree) {
        guard !targets.contains(where: { $0.tree == tree }) else { return }
        targets.append(Target(tree: tree))
    }

    /// Kills those that are there.
    ///
    /// - Throws: `systemCallFailed` when `/proc` cannot be read; then nothing counts as gone.
    package mutating func round() throws(ProcessControlError) -> Round {
        guard !targets.isEmpty else { return Round() }
        // First, as it is the one way that nobody escapes. Where it fails, the sweep does what it can.
        for target in targets { try? target.tree.controlGroup?.kill() }
        let sweep = try freeze()
        var round = Round()
        var left: [Target] = []
        for (index, target) in targets.enumerated() {
            var target = target
            let members = sweep.members[index]
            // Who cannot be signalled is found again, and comes to be reported.
            for member in members { _ = try? member.send(.kill) }
            target.rounds += 1
            let isClean = members.isEmpty && target.tree.controlGroup?.isPopulated != true
            target.cleanRounds = isClean ? target.cleanRounds + 1 : 0
            if target.cleanRounds >= Self.cleanRoundsNeeded(sweep.doubt, hasSeenMembers: !target.seen.isEmpty) {
                round.gone.append(Gone(tree: target.tree, killed: target.seen))
                continue
            }
            if target.rounds == Self.roundsUntilStuck { round.stuck.append((target.tree, members)) }
            left.append(target)
        }
        targets = left
        round.next = left.map(\.rounds).min().map { .milliseconds(1 << min($0 - 1, 7)) }
        return round
    }

    /// More than one where somebody may have slipped through: who forks and exits all the time can be missed by a reader
    /// of `/proc`. On a busy machine there is always somebody who has just ended, so it cannot go on until there is none.
    private static func cleanRoundsNeeded(_ doubt: ProcessSweep.Doubt, hasSeenMembers: Bool) -> Int {
        switch doubt {
        case .none: hasSeenMembers ? 2 : 1
        case .environment: 2
        case .ended: 4
        }
    }

    /// Stops all members, until no new one appears.
    private mutating func freeze() throws(ProcessControlError) -> ProcessSweep {
        var looks = 0
        while true {
            // At once where they are found: in a moment they may have handed on to a child.
            let sweep = try ProcessSweep(of: targets.map(\.tree), seen: targets.map(\.seen)) { _ = try? $0.send(.stop) }
            var hasNew = false
            for index in targets.indices {
                for member in sweep.members[index] where targets[index].seen.insert(member).inserted {
                    hasNew = true
                    _ = try? member.send(.stop)
                }
            }
            looks += 1
            if !hasNew || looks == Self.looksForNewMembers { return sweep }
        }
    }
}
