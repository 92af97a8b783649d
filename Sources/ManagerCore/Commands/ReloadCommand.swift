internal import MarketFiles
internal import Supervision
internal import WireProtocol

/// `reload`: put new code in the place of what a worker runs, without missing a message.
///
/// Payload, all optional: `path` (absolute; the file that it runs, where it is missing), `trial_messages`, `trial_seconds` and `trial_errors`
/// (what the configuration says, where they are missing), `compare` (how many of the last messages of each topic both versions are shown
/// first), `keep` (true: compare only). Done: `worker`, `reloaded`, and where there were any `trial_messages`, `comparison`, `restarted`.
enum ReloadCommand: AdminCommand {
    static let type = MessageType.reload
    static let isQuery = false

    /// The most messages of a topic that are compared.
    static let compared: ClosedRange<Int64> = 1...1_000_000

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let worker = try control.worker(of: request)
            let order = try order(request, control.settings.supervisor.reload)
            reply.accepted()
            control.reload(worker, order) { result in
                reply.finish(result.map { answer($0, control.json(worker)) })
            }
        } catch {
            reply.refused(error)
        }
    }

    private static func order(_ request: Message, _ trial: Settings.Reload) throws(ManagerError) -> ReloadRequest {
        let fields = PayloadFields(request)
        var order = ReloadRequest(path: try fields.text("path"), actor: .operator, trial: trial)
        if let count = try fields.integer("trial_messages", from: 0) {
            order.trial.trialMessages = Int(clamping: count)
        }
        if let errors = try fields.integer("trial_errors", from: 0) { order.trial.trialErrors = Int(clamping: errors) }
        if let seconds = request.payload["trial_seconds"], seconds != .null {
            guard let seconds = seconds.doubleValue, 0...86_400 ~= seconds else {
                throw ManagerError(.invalidParameters, "'trial_seconds' must be from 0 to 86400")
            }
            order.trial.trialTime = .milliseconds(Int(seconds * 1000))
        }
        if let count = try fields.integer("compare", from: 1) {
            guard compared.contains(count) else {
                throw ManagerError(.invalidParameters, "'compare' must be from 1 to \(compared.upperBound)")
            }
            order.compared = Int(count)
        }
        order.isComparison = request.payload["keep"]?.boolValue ?? false
        guard order.compared != nil || !order.isComparison else {
            throw ManagerError(.invalidParameters, "'keep' goes with 'compare'")
        }
        return order
    }

    private static func answer(_ report: ReloadReport, _ worker: JSONValue) -> [String: JSONValue] {
        var answer: [String: JSONValue] = ["worker": worker, "reloaded": .bool(report.hasTakenOver)]
        answer["trial_messages"] = report.handled.map { JSONValue($0) }
        answer["comparison"] = report.comparison?.json
        if report.isRestarted { answer["restarted"] = true }
        return answer
    }
}
