import WireProtocol

/// One worker as `top` shows it.
struct TopRow: Hashable {
    let id: String
    let state: String
    let verdicts: [String]
    let symbols: String
    let heartbeatAge: Double?
    let messages: Int64
    let signals: Int64
    let errors: Int64
    let restarts: Int64
    let lag: Int64?
    let memory: Int64?
    let cpuSeconds: Double?
    let pid: Int64?
    let lastError: String
    /// Messages a second and share of one processor, since the last look.
    var rate: Double?
    var cpu: Double?

    /// Whether somebody should look at it.
    var isWrong: Bool { state == WorkerState.error.rawValue || !verdicts.isEmpty }

    /// Reads a worker's status; `nil` for what is none.
    ///
    /// - Parameter now: The wall clock, nanoseconds since the Unix epoch.
    init?(_ worker: JSONValue, now: Int64) {
        guard let id = worker["worker_id"]?.stringValue else { return nil }
        let metadata = worker["metadata"]
        self.id = PlainText.oneLine(id)
        state = PlainText.oneLine(worker["state"]?.stringValue ?? "-")
        verdicts = (metadata?["verdicts"]?.stringArrayValue ?? []).map(PlainText.oneLine)
        symbols = PlainText.oneLine((worker["symbols"]?.stringArrayValue ?? []).joined(separator: " "))
        heartbeatAge = (worker["last_heartbeat"]?.stringValue).flatMap { Moment(argument: $0) }
            .map { Double(max(now - $0.nanoseconds, 0)) / 1e9 }
        messages = worker["messages_processed"]?.integerValue ?? 0
        signals = worker["signals_emitted"]?.integerValue ?? 0
        errors = worker["errors_count"]?.integerValue ?? 0
        restarts = worker["restarts"]?.integerValue ?? 0
        lag = metadata?["lag_messages"]?.integerValue
        memory = metadata?["usage"]?["resident_bytes"]?.integerValue
        cpuSeconds = metadata?["usage"]?["cpu_seconds"]?.doubleValue
        pid = worker["pid"]?.integerValue
        lastError = PlainText.oneLine(worker["last_error"]?.stringValue ?? "")
    }

    /// Takes what has been done since an earlier look.
    mutating func measure(since earlier: TopRow, seconds: Double) {
        guard seconds > 0 else { return }
        if messages >= earlier.messages { rate = Double(messages - earlier.messages) / seconds }
        if pid == earlier.pid, let cpuSeconds, let before = earlier.cpuSeconds, cpuSeconds >= before {
            cpu = (cpuSeconds - before) / seconds
        }
    }
}
