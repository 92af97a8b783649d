import Glibc

/// One look through `/proc`, which says who belongs to which of several trees.
///
/// A process belongs to a tree when it has been seen in it before, is in the session of its leader, has a member as its
/// parent, or carries its token. A session's number proves nothing once the leader has been collected and the session
/// may have ended: then a member that is still in it must vouch for it.
///
/// What clears its environment, leaves the session and outlives its parent, all before anybody looks, is not found: only
/// a control group holds that.
struct ProcessSweep {
    /// For each tree, who lives.
    private(set) var members: [[ProcessFingerprint]]
    /// Whether every process could be told to belong or not to belong.
    private(set) var isConclusive = true

    private struct Entry {
        let pid: Int32
        let stat: ProcessStat
        /// Index of the tree.
        var owner: Int?
    }

    /// - Parameter seen: For each tree, who has been found in it before.
    init(of trees: [ProcessTree], seen: [Set<ProcessFingerprint>]) throws(ProcessControlError) {
        members = Array(repeating: [], count: trees.count)
        let bootID = try ProcessFingerprint.currentBootID()
        // Nothing outlives its boot, and nobody is older than its ancestors.
        let candidates = trees.indices.filter { trees[$0].leader.bootID == bootID }
        guard let oldest = candidates.map({ trees[$0].leader.startTime }).min() else { return }
        var reader = ProcReader()
        var entries = try Self.entries(startedSince: oldest, with: &reader)

        let leaders = Dictionary(candidates.map { (trees[$0].leader.pid, $0) }) { first, _ in first }
        var sessions = Set<Int32>()
        let known = Dictionary(
            candidates.flatMap { index in seen[index].map { ($0, index) } } + candidates.map { (trees[$0].leader, $0) }
        ) { first, _ in first }
        for index in entries.indices {
            let entry = entries[index]
            let fingerprint = ProcessFingerprint(pid: entry.pid, startTime: entry.stat.startTime, bootID: bootID)
            guard let owner = known[fingerprint] else { continue }
            entries[index].owner = owner
            // Also a dead leader, and a dead member, keeps the number of its session.
            if entry.stat.session == trees[owner].leader.pid { sessions.insert(entry.stat.session) }
        }
        Self.claimSessions(&entries, sessions, leaders)

        let tokens = Dictionary(candidates.map { (Array(trees[$0].token.utf8)[...], $0) }) { first, _ in first }
        for index in entries.indices where entries[index].owner == nil && !entries[index].stat.isDead {
            switch ProcessToken.find(pid: entries[index].pid, with: &reader) {
            case .token(let token):
                guard let owner = tokens[token] else { continue }
                entries[index].owner = owner
                let session = entries[index].stat.session
                if session == trees[owner].leader.pid { sessions.insert(session) }
            case .unclear: isConclusive = false
            case .none: break
            }
        }
        Self.claimSessions(&entries, sessions, leaders)
        Self.claimChildren(&entries)

        for entry in entries where !entry.stat.isDead {
            guard let owner = entry.owner else { continue }
            members[owner].append(
                ProcessFingerprint(pid: entry.pid, startTime: entry.stat.startTime, bootID: bootID)
            )
        }
    }

    /// Everybody but us, the first process and the kernel's own threads.
    private static func entries(
        startedSince oldest: UInt64,
        with reader: inout ProcReader
    ) throws(ProcessControlError) -> [Entry] {
        let pids: [Int32]
        do {
            pids = try ProcReader.numbers(in: "/proc")
        } catch {
            throw ProcessControlError(.systemCallFailed, operation: "list /proc", errno: error.errno)
        }
        let own = getpid()
        var entries: [Entry] = []
        for pid in pids where pid != own && pid != 1 {
            guard let stat = try ProcessStat.read(pid: pid, with: &reader), stat.startTime >= oldest,
                !stat.isKernelThread
            else { continue }
            entries.append(Entry(pid: pid, stat: stat))
        }
        return entries
    }

    private static func claimSessions(_ entries: inout [Entry], _ sessions: Set<Int32>, _ leaders: [Int32: Int]) {
        guard !sessions.isEmpty else { return }
        for index in entries.indices where entries[index].owner == nil {
            let session = entries[index].stat.session
            if sessions.contains(session) { entries[index].owner = leaders[session] }
        }
    }

    /// Children of members, their children, and so on.
    private static func claimChildren(_ entries: inout [Entry]) {
        var owners: [Int32: Int] = [:]
        for entry in entries {
            if let owner = entry.owner { owners[entry.pid] = owner }
        }
        var hasGrown = !owners.isEmpty
        while hasGrown {
            hasGrown = false
            for index in entries.indices where entries[index].owner == nil {
                guard let owner = owners[entries[index].stat.parent] else { continue }
                entries[index].owner = owner
                owners[entries[index].pid] = owner
                hasGrown = true
            }
        }
    }
}
