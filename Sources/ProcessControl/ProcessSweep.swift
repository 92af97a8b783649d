import Glibc

/// One look through `/proc`, which says who belongs to which of several trees.
///
/// A process belongs to a tree when it has been seen in it before, is in the session of its leader, carries its token or
/// has a member as its parent. A session's number proves nothing once the leader has been collected and the session may
/// have ended: then a member that is still in it must vouch for it.
///
/// What clears its environment, leaves the session and outlives its parent, all before anybody looks, is not found: only
/// a control group holds that.
struct ProcessSweep {
    /// For each tree, who lives.
    private(set) var members: [[ProcessFingerprint]]
    /// Whether everybody could be told to belong or not to belong.
    private(set) var doubt = Doubt.none

    /// Why somebody may have been missed, the worst last.
    enum Doubt: Int {
        case none
        /// A process had no environment to be judged by: perhaps it was executing another program.
        case environment
        /// A process ended before it could be judged: perhaps it had handed on to a child, as those do that run away.
        case ended
    }

    private struct Entry {
        let fingerprint: ProcessFingerprint
        let stat: ProcessStat
        /// Index of the tree.
        var owner: Int?
    }

    private let trees: [ProcessTree]
    private var entries: [Entry] = []
    /// Sessions that are certainly those of their trees, by their numbers.
    private var sessions: [Int32: Int] = [:]

    /// - Parameters:
    ///   - seen: For each tree, who has been found in it before.
    ///   - found: Called for a member at the moment at which it proves to be one by session or token.
    init(
        of trees: [ProcessTree],
        seen: [Set<ProcessFingerprint>],
        found: (ProcessFingerprint) -> Void = { _ in }
    ) throws(ProcessControlError) {
        self.trees = trees
        members = Array(repeating: [], count: trees.count)
        let bootID = try ProcessFingerprint.currentBootID()
        // Nothing outlives its boot, and nobody is older than its ancestors.
        let candidates = trees.indices.filter { trees[$0].leader.bootID == bootID }
        guard let oldest = candidates.map({ trees[$0].leader.startTime }).min() else { return }
        var reader = ProcReader()
        for index in candidates {
            let leader = trees[index].leader
            // Also a dead leader keeps its pid, and so the number of its session.
            if try ProcessStat.read(pid: leader.pid, with: &reader)?.startTime == leader.startTime {
                sessions[leader.pid] = index
            }
        }
        let known = Dictionary(candidates.flatMap { index in seen[index].map { ($0, index) } }) { first, _ in first }
        // An empty token would be anybody's.
        let proven = candidates.filter { !trees[$0].token.isEmpty }
        let tokens = Dictionary(proven.map { (Array(trees[$0].token.utf8)[...], $0) }) { first, _ in first }
        let own = getpid()
        // The newest first: those who run away from us by forking are among them.
        for pid in try Self.pids().reversed() where pid != own && pid != 1 {
            guard let stat = try ProcessStat.read(pid: pid, with: &reader) else {
                doubt = .ended
                continue
            }
            guard stat.startTime >= oldest, !stat.isKernelThread else { continue }
            let fingerprint = ProcessFingerprint(pid: pid, startTime: stat.startTime, bootID: bootID)
            var owner = known[fingerprint]
            if owner == nil {
                owner = sessions[stat.session] ?? (stat.isDead ? nil : judge(pid, tokens, &reader))
                if owner != nil, !stat.isDead { found(fingerprint) }
            }
            entries.append(Entry(fingerprint: fingerprint, stat: stat, owner: owner))
        }
        claimSessions()
        try claimChildren(&reader)
        for entry in entries where !entry.stat.isDead {
            if let owner = entry.owner { members[owner].append(entry.fingerprint) }
        }
    }

    private static func pids() throws(ProcessControlError) -> [Int32] {
        do {
            return try ProcReader.numbers(in: "/proc")
        } catch {
            throw ProcessControlError(.systemCallFailed, operation: "list /proc", errno: error.errno)
        }
    }

    /// By its token.
    private mutating func judge(_ pid: Int32, _ tokens: [ArraySlice<UInt8>: Int], _ reader: inout ProcReader) -> Int? {
        switch ProcessToken.find(pid: pid, with: &reader) {
        case .token(let token): return tokens[token]
        case .none: return nil
        case .unclear: if doubt == .none { doubt = .environment }
        case .ended: doubt = .ended
        }
        return nil
    }

    /// The sessions of leaders that are gone, as far as a member is in them.
    private mutating func claimSessions() {
        var vouched: [Int32: Int] = [:]
        for entry in entries {
            guard let owner = entry.owner, entry.stat.session == trees[owner].leader.pid else { continue }
            vouched[entry.stat.session] = owner
        }
        for index in entries.indices where entries[index].owner == nil {
            entries[index].owner = vouched[entries[index].stat.session]
        }
    }

    /// Children of members, their children, and so on.
    ///
    /// The entries were read one after the other. A member may have ended meanwhile, and its pid may have passed to somebody else, whose
    /// children are none of ours: so the parent must still be the one that was seen.
    private mutating func claimChildren(_ reader: inout ProcReader) throws(ProcessControlError) {
        var parents: [Int32: Entry] = [:]
        for entry in entries where entry.owner != nil { parents[entry.fingerprint.pid] = entry }
        var hasGrown = !parents.isEmpty
        while hasGrown {
            hasGrown = false
            for index in entries.indices where entries[index].owner == nil {
                guard let parent = parents[entries[index].stat.parent] else { continue }
                guard
                    try ProcessStat.read(pid: parent.fingerprint.pid, with: &reader)?.startTime == parent.stat.startTime
                else {
                    // Nothing can be said of it now; the next look will tell.
                    doubt = .ended
                    continue
                }
                entries[index].owner = parent.owner
                parents[entries[index].fingerprint.pid] = entries[index]
                hasGrown = true
            }
        }
    }
}
