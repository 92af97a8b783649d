/// What a change of each key takes. What is not named here needs another manager.
enum SettingsEffects {
    /// Keys of the manager, by their beginning.
    private static let live = [
        "manager.max_workers", "manager.stop_grace", "manager.terminate_grace", "manager.start_timeout",
        "manager.swiftc",
        "pool", "supervisor.restart_policy", "supervisor.health", "supervisor.warmup", "supervisor.reload",
        "supervisor.storm", "supervisor.orphan_lease", "journal.max_age", "journal.max_bytes", "logs",
    ]
    /// Keys of the manager that a worker's process is given when it begins.
    private static let restart = [
        "supervisor.error_budget", "supervisor.limits", "supervisor.delivery", "supervisor.checkpoint",
    ]
    /// Keys of one strategy, by their first part.
    private static let strategy: [String: SettingsChange.Effect] = [
        "path": .reload, "params": .params, "watch": .live, "restart_policy": .live, "health": .live, "warmup": .live,
        "stop_grace": .live, "symbols": .restart, "data_types": .restart, "error_budget": .restart, "limits": .restart,
        "delivery": .restart, "checkpoint": .restart,
    ]

    /// What a change of a key of the manager takes.
    static func effect(of key: String) -> SettingsChange.Effect {
        func isBelow(_ start: String) -> Bool { key == start || key.hasPrefix(start + ".") }
        if live.contains(where: isBelow) { return .live }
        return restart.contains(where: isBelow) ? .restart : .refused
    }

    /// What a change of a key of a strategy takes; the key begins behind the strategy's name.
    static func effect(ofStrategyKey key: String) -> SettingsChange.Effect {
        key.split(separator: ".").first.flatMap { strategy[String($0)] } ?? .restart
    }

    /// The section of a worker's own that a key of the manager stands in for, where it has none.
    static func section(of key: String) -> String? {
        let parts = key.split(separator: ".")
        guard parts.count > 1 else { return nil }
        if parts[0] == "supervisor" { return String(parts[1]) }
        return key == "manager.stop_grace" ? "stop_grace" : nil
    }
}
