/// What the kernel has counted of processes that it killed for want of memory, to be compared before and after a death.
package struct OutOfMemoryCount: Hashable, Sendable {
    /// In the worker's own control group; `nil` without one.
    package let ofGroup: UInt64?
    /// On the whole machine; `nil` where it cannot be read.
    package let ofMachine: UInt64?

    /// Reads the counts of now. Never fails: what cannot be read is `nil`.
    package static func read(controlGroup: ControlGroup? = nil) -> OutOfMemoryCount {
        var reader = ProcReader()
        let ofMachine = (try? reader.read("/proc/vmstat")).flatMap { reader.number(after: "oom_kill ") }
        return OutOfMemoryCount(ofGroup: controlGroup?.outOfMemoryKills, ofMachine: ofMachine)
    }

    /// What to say about a death between `earlier` and these counts; `nil` when nothing speaks for want of memory.
    package func evidence(since earlier: OutOfMemoryCount, endingWith status: ExitStatus) -> OutOfMemoryEvidence? {
        switch status {
        case .signaled(.kill, _), .unknown: break
        default: return nil
        }
        if let ofGroup { return ofGroup > earlier.ofGroup ?? 0 ? .certain : nil }
        guard let ofMachine, let before = earlier.ofMachine, ofMachine > before else { return nil }
        return .probable
    }
}

/// How sure it is that a process was killed for want of memory.
package enum OutOfMemoryEvidence: String, Hashable, Sendable {
    /// The control group that only it and its descendants were in has counted it.
    case certain
    /// The kernel has killed somebody on this machine at that time.
    case probable
}

extension OutOfMemoryEvidence: CustomStringConvertible {
    /// For people, after `SIGKILL: `.
    package var description: String {
        switch self {
        case .certain: "killed for want of memory"
        case .probable: "probably killed for want of memory (the kernel killed a process for that at this time)"
        }
    }
}
