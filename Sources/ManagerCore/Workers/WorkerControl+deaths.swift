internal import EventJournal
internal import Glibc
internal import Logging
internal import MarketFiles
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What is kept of a process that has ended or no longer gets on.
extension WorkerControl {
    /// How many lines of a worker's output are kept with its death.
    private static let logTailLines = 50
    /// How long a worker is given to write its own backtrace.
    private static let backtraceGrace = Duration.milliseconds(300)

    /// Records the end of a worker's process; with evidence, where nobody had asked for it.
    func recordEnd(of worker: Worker, _ process: WorkerProcess, _ exit: Exit?, _ outOfMemory: OutOfMemoryEvidence?) {
        let life = supervisor.life(of: worker.id)
        let generation = life?.generation ?? 0
        let status = exit?.status ?? .unknown
        let removal = [StateChange.remove(workerID: worker.id, generation: generation)]
        let cause = "process \(process.child.pid) ended: \(status)\(outOfMemory.map { ", \($0)" } ?? "")"
        if life?.state == .stopping || life?.state == .restarting {
            chronicle.record(
                .worker,
                workerID: worker.id,
                generation: generation,
                cause: cause,
                actor: .worker,
                changes: removal,
                level: .debug
            )
            return
        }
        let metadata = worker.metadata
        var core = false
        if case .signaled(_, coreDumped: true) = status { core = true }
        // One that a verdict has condemned died of that; what an earlier generation died of is not its own.
        let condemned = life?.state == .error ? life?.failure : nil
        let failure = condemned ?? FailureCause(status, outOfMemory: outOfMemory != nil)
        let death = DeathRecord(
            workerID: worker.id,
            generation: generation,
            time: WallClock.nanoseconds(),
            cause: failure.rawValue,
            exit: "\(status)",
            core: core,
            oom: outOfMemory != nil,
            lastHeartbeat: worker.lastHeartbeat,
            lastTopic: metadata["last_topic"]?.stringValue,
            lastSequence: metadata["last_sequence"]?.integerValue.flatMap(UInt64.init(exactly:)),
            callback: metadata["callback"]?.stringValue,
            callbackSeconds: metadata["callback_seconds"]?.doubleValue,
            peakRSS: (exit?.usage?.peakResidentBytes).map(Int64.init),
            cpuUser: (exit?.usage?.userTime).map { $0 / .seconds(1) },
            cpuSystem: (exit?.usage?.systemTime).map { $0 / .seconds(1) },
            logTail: LogTail.read(spawner.logPath(worker.id), lines: Self.logTailLines),
            backtrace: worker.backtrace
        )
        chronicle.record(death, cause: cause, level: .warning, changes: removal)
    }

    /// Why a program has ended before it began, where that is so: what the step before it has written.
    func whyItNeverBegan(_ worker: Worker, _ status: WorkerEnd) -> String? {
        guard !worker.kind.isHosted,
            status == .exited(code: LaunchStep.cannotRun) || status == .exited(code: LaunchStep.notFound)
        else { return nil }
        let line = LogTail.read(spawner.logPath(worker.id), lines: 1)?.split(separator: "\n").last
        guard let line, line.hasPrefix(LaunchStep.complaint) else { return nil }
        return String(line.dropFirst(LaunchStep.complaint.utf8.count))
    }

    /// Finds out where a stuck worker is: it is asked to write its own backtrace, and `/proc` is looked at.
    func capture(_ worker: Worker) {
        guard let process = worker.process else { return }
        let generation = supervisor.life(of: worker.id)?.generation
        let outside = StuckEvidence.read(process.child.fingerprint) ?? ""
        if process.isHost { try? process.child.send(.usr1) }
        loop.schedule(after: process.isHost ? Self.backtraceGrace : .zero) { [unowned self] in
            guard worker.process === process, supervisor.life(of: worker.id)?.generation == generation else { return }
            let own = LogTail.backtrace(spawner.logPath(worker.id))
            worker.backtrace = [own, outside].compactMap(\.self).joined(separator: "\n")
            feed(
                .captured(own.flatMap { $0.split(separator: "\n").first.map(String.init) } ?? "see 'quantcell why'"),
                to: worker.id
            )
        }
    }
}

/// Notices when the kernel kills for want of memory.
struct OutOfMemoryWatch {
    private var last = OutOfMemoryCount.read()

    /// What the counts say of a process that has just ended; what they say is used up.
    mutating func update(endingWith status: WorkerEnd) -> OutOfMemoryEvidence? {
        let now = OutOfMemoryCount.read()
        defer { last = now }
        return now.evidence(since: last, endingWith: status)
    }
}
