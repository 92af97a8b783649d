internal import WireProtocol

/// One key whose value is to be another, and what that takes.
struct SettingsChange: Hashable {
    /// What it takes until the new value is in force.
    enum Effect: String {
        /// Nothing: it counts from now on.
        case live
        /// The strategy is offered other parameters.
        case params
        /// New code takes over.
        case reload
        /// A new process of the worker.
        case restart
        /// The worker is started.
        case start
        /// The worker is stopped.
        case stop
        /// The manager must be started again.
        case refused

        /// Which one of two settles the other as well.
        var weight: Int {
            switch self {
            case .refused: 0
            case .live: 1
            case .params: 2
            case .reload: 3
            case .restart: 4
            case .start: 5
            case .stop: 6
            }
        }
    }

    /// The key, as in `pool.min_size` or `strategies.sma-btc.params.fast`.
    let key: String
    /// Its values, as in the file; `nil` where it is not there.
    let old: String?
    let new: String?
    let effect: Effect
    /// The workers that it is about; none for the manager's own.
    var workers: [String] = []

    /// A value as people see it: parameters may be secrets.
    private func shown(_ value: String?) -> JSONValue {
        let name = key.split(separator: ".").last.map(String.init) ?? key
        if name == "arguments", let value {
            // The text of a list.
            let words = value.dropFirst().dropLast().split(separator: ", ").map { JSONValue.string(String($0)) }
            let shown = JSONValue.object([name: .array(words)]).redacted[name]?.stringArrayValue ?? []
            return .string("[\(shown.joined(separator: ", "))]")
        }
        return JSONValue.object([name: JSONValue(value)]).redacted[name] ?? .null
    }

    var json: JSONValue {
        [
            "key": .string(key), "old": shown(old), "new": shown(new), "effect": .string(effect.rawValue),
            "workers": .array(workers.map(JSONValue.string)),
        ]
    }
}
