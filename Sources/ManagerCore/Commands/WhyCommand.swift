internal import EventJournal
internal import Supervision
internal import WireProtocol

/// `why`: what happened to a worker, what the policy did, and what comes next.
///
/// Done: `worker` (as in `status`), `transitions` (the last 20, ascending), `deaths` (the last 3, newest first), `next` (one line) and
/// `advice` (lines that say what a person can do).
enum WhyCommand: AdminCommand {
    static let type = MessageType.why
    static let isQuery = true

    private static let transitions = 20
    private static let deaths = 3

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let worker = try control.worker(of: request)
            let life = control.supervisor.life(of: worker.id)
            let status = control.json(worker)
            let next = Prospect(life, worker.id, isHeard: worker.kind != .process)
            let id = worker.id
            control.readJournal(reply) { journal in
                let transitions = try journal.entries(
                    matching: JournalQuery(workerID: id, kind: .transition, limit: Self.transitions, keeping: .newest)
                )
                let deaths = try journal.deaths(matching: DeathQuery(workerID: id, limit: Self.deaths))
                return [
                    "worker": status,
                    "transitions": .array(transitions.map(\.json)),
                    "deaths": .array(deaths.map(\.death.json)),
                    "next": .string(next.text),
                    "advice": .array(next.advice.map(JSONValue.string)),
                ]
            }
        } catch {
            reply.refused(error)
        }
    }
}

/// What comes next in a worker's life, and what a person can do about it.
private struct Prospect: Sendable {
    let text: String
    let advice: [String]

    init(_ life: WorkerLife?, _ id: String, isHeard: Bool) {
        guard let life, let state = life.state else {
            text = "the strategy is being compiled"
            advice = []
            return
        }
        let restart = "'quantcell restart \(id)' starts a new process with a whole budget"
        switch state {
        case .running where life.verdicts.isEmpty:
            text =
                isHeard
                ? "nothing: it runs, and is heard from"
                : "nothing: its process lives; no more is known of one that says nothing"
            advice = []
        case .running:
            text = "it runs, but is \(life.verdicts.map(\.rawValue).sorted().joined(separator: ", "))"
            advice = [restart, "'quantcell logs \(id)' shows what it writes"]
        case .paused:
            text = "it is paused until somebody resumes it"
            advice = ["'quantcell resume \(id)' lets data flow again"]
        case .recovering:
            let wait = (life.restartAt ?? life.heldUntil).map { max($0 - SuspendingClock().now, .zero) }
            text = wait.map { "a new process starts in \($0.text)" } ?? "a new process is on its way"
            advice = [
                "'quantcell restart \(id)' does not wait for it", "'quantcell stop \(id)' keeps it from starting",
            ]
        case .error where life.hasGivenUp:
            text = "nothing: it stays in error until somebody restarts it"
            advice = [
                "mend the \(isHeard ? "strategy" : "program"), then \(restart)",
                "'quantcell logs \(id)' shows what it wrote last",
            ]
        case .error:
            text = "its process is being ended; then the policy decides"
            advice = []
        case .stopped:
            text = "nothing: it was stopped"
            advice = [restart]
        default:
            text = "it is \(state.rawValue)"
            advice = []
        }
    }
}
