internal import EventJournal
internal import Keys
internal import Logging
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// Who may speak for whom: each process for itself, by the keys that it was given or, over ipc, by the session that it is in.
extension WorkerControl {
    /// How many processes are remembered that have ended, for what they said last.
    private static let maxDeparted = 256

    /// Whether what somebody says may change what runs, or only ask.
    func mayCommand(_ speaker: Speaker) -> Bool {
        // A key may have been taken back since its client has connected.
        if case .client(let name, _) = speaker { return door.guests.roles(of: name).contains(.operator) }
        return speaker.mayCommand
    }

    /// Whether somebody may speak on control as the process with that identity.
    func maySpeak(_ speaker: Speaker, as identity: String) -> Bool {
        switch speaker {
        case .worker(let own): own == identity
        case .client(let name, _):
            door.guests.roles(of: name).contains(.worker) && (processes[identity].map { $0.workerID == name } ?? true)
        case .local(_, _, let session):
            processes[identity]?.child.pid == session
                || process(leading: session).map { $0.identity == identity } ?? true
        case .anonymous: true
        }
    }

    /// Whether somebody may speak on status for a worker, of that generation; without one, of the current one.
    func maySpeak(_ speaker: Speaker, for workerID: String, _ generation: UInt64?) -> Bool {
        switch speaker {
        case .worker(let identity): return maySpeak(identity, for: workerID, generation)
        case .client(let name, _): return name == workerID && door.guests.roles(of: name).contains(.worker)
        case .local(_, _, let session):
            guard let process = process(leading: session, of: workerID) else { return true }
            return maySpeak(process.identity, for: workerID, generation)
        case .anonymous: return true
        }
    }

    private func maySpeak(_ identity: String, for workerID: String, _ generation: UInt64?) -> Bool {
        if let sandbox = generation.flatMap({ sandboxes[$0] }) { return sandbox.process.identity == identity }
        guard let process = processes[identity] else {
            // Its last words; not those of whoever runs in its place by now.
            guard departed.last(where: { $0.identity == identity })?.workerID == workerID else { return false }
            return workers[workerID]?.process == nil
                || generation.map { $0 != supervisor.generation(of: workerID) } ?? false
        }
        // What it said as a spare may come after it was claimed.
        if workerID == identity { return true }
        guard process.workerID == workerID else { return false }
        let isCurrent = generation == nil || generation == supervisor.generation(of: workerID)
        return !isCurrent || workers[workerID]?.process === process
    }

    /// The process whose session it is; an outsider's session is nobody's.
    private func process(leading session: Int32, of workerID: String = "") -> WorkerProcess? {
        guard session > 0 else { return nil }
        if let process = workers[workerID]?.process, process.child.pid == session { return process }
        return processes.values.first { $0.child.pid == session }
    }

    /// Counts and drops what somebody says in another's name.
    func refuseImpostor(_ endpoint: String, _ speaker: Speaker, as name: String) {
        impostorMessages += 1
        refuse(endpoint, ProtocolError("a message in the name of '\(name.prefix(64))' from \(speaker.who)"), bytes: 0)
    }

    /// The process is gone: nobody can be it any more.
    func depart(_ process: WorkerProcess) {
        door.guests.forget(worker: process.identity)
        departed.append((process.identity, process.workerID))
        if departed.count > Self.maxDeparted { departed.removeFirst() }
    }

    /// Lets the processes in that an earlier manager has left, by the keys that they have.
    func admitEarlierWorkers() throws {
        guard let keys = door.workerKeys else { return }
        for record in try journal.processRecords() {
            let pair = try keys.pair(identity: record.identity, token: record.token)
            door.guests.admit(worker: record.identity, pair.publicKey)
        }
    }

    /// A connection was not let in.
    func connectionRefused(_ endpoint: String, _ reason: String, unreported: UInt64) {
        chronicle.record(
            .refused,
            cause: "\(endpoint): a connection was refused: \(reason)",
            actor: .manager,
            detail: ["endpoint": .string(endpoint), "unreported": JSONValue(unreported)],
            level: .warning
        )
    }
}
