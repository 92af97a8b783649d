internal import WireProtocol

/// How late the control loop comes to its timers: whoever judges others by their silence looks at itself first.
struct LoopLag {
    /// At the last look, which is once a second.
    private(set) var last = Duration.zero
    /// The most since the start.
    private(set) var worst = Duration.zero

    mutating func note(_ lag: Duration) {
        last = max(lag, .zero)
        worst = max(worst, last)
    }

    /// As `ping` answers.
    var json: JSONValue {
        ["last_seconds": .number(last / .seconds(1)), "worst_seconds": .number(worst / .seconds(1))]
    }
}
