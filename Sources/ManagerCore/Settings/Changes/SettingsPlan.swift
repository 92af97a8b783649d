internal import WireProtocol
internal import Yams

/// What another configuration changes against the one in force. It is pure: it knows settings, and no processes.
struct SettingsPlan {
    /// In the order of the keys.
    let changes: [SettingsChange]
    /// What is in force when all of it is done: what is refused stays as it is.
    let settings: Settings

    /// - Parameters:
    ///   - old: What is in force.
    ///   - new: What is to be.
    ///   - others: Workers that the configuration does not name, and which have its defaults.
    /// - Throws: `EncodingError` when a parameter cannot be written as YAML.
    init(from old: Settings, to new: Settings, others: [String] = []) throws {
        let (before, after) = (try Self.flatten(old), try Self.flatten(new))
        let (oldStrategies, newStrategies) = (try Self.strategies(old), try Self.strategies(new))
        let staying = newStrategies.keys.filter { oldStrategies[$0] != nil }.sorted()
        var changes: [SettingsChange] = []
        for key in Set(before.keys).union(after.keys).sorted() where before[key] != after[key] {
            let effect = SettingsEffects.effect(of: key)
            let workers =
                effect == .restart
                ? (staying.filter { Self.inherits(key, newStrategies[$0] ?? [:]) } + others).sorted() : []
            changes.append(
                SettingsChange(key: key, old: before[key], new: after[key], effect: effect, workers: workers)
            )
        }
        for name in Set(oldStrategies.keys).union(newStrategies.keys).sorted() {
            changes += Self.changes(of: name, oldStrategies[name], newStrategies[name])
        }
        self.changes = changes
        settings = Self.inForce(old, new)
    }

    /// What is to be done with each worker: the weightiest of what its keys take.
    var actions: [String: SettingsChange.Effect] {
        var actions: [String: SettingsChange.Effect] = [:]
        for change in changes where change.effect != .refused {
            for worker in change.workers where change.effect.weight > actions[worker]?.weight ?? 0 {
                actions[worker] = change.effect
            }
        }
        return actions
    }

    private static func changes(of name: String, _ old: [String: String]?, _ new: [String: String]?)
        -> [SettingsChange]
    {
        let (wasThere, isThere) = (old?["enabled"] == "true", new?["enabled"] == "true")
        let key = "strategies.\(name)"
        switch (wasThere, isThere) {
        case (false, false):
            return []
        case (false, true):
            return [SettingsChange(key: key, old: nil, new: new?["path"], effect: .start, workers: [name])]
        case (true, false):
            return [SettingsChange(key: key, old: old?["path"], new: nil, effect: .stop, workers: [name])]
        case (true, true):
            let (old, new) = (old ?? [:], new ?? [:])
            return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }.map { inner in
                SettingsChange(
                    key: "\(key).\(inner)",
                    old: old[inner],
                    new: new[inner],
                    effect: SettingsEffects.effect(ofStrategyKey: inner),
                    workers: [name]
                )
            }
        }
    }

    /// Whether a strategy has no word of its own on what a key of the manager says.
    private static func inherits(_ key: String, _ strategy: [String: String]) -> Bool {
        guard strategy["enabled"] == "true", let section = SettingsEffects.section(of: key) else { return false }
        return !strategy.keys.contains { $0 == section || $0.hasPrefix(section + ".") }
    }

    /// The new settings, but for what needs another manager.
    private static func inForce(_ old: Settings, _ new: Settings) -> Settings {
        var settings = new
        settings.manager.runtimeDir = old.manager.runtimeDir
        settings.manager.dataDir = old.manager.dataDir
        settings.manager.endpoints = old.manager.endpoints
        settings.manager.tcpMode = old.manager.tcpMode
        settings.manager.logLevel = old.manager.logLevel
        settings.manager.logFormat = old.manager.logFormat
        settings.manager.kitDir = old.manager.kitDir
        settings.python = old.python
        settings.broker = old.broker
        settings.record = old.record
        settings.journal = old.journal
        settings.journal.maxAge = new.journal.maxAge
        settings.journal.maxBytes = new.journal.maxBytes
        settings.feeds = old.feeds
        settings.api = old.api
        return settings
    }

    // MARK: As keys with values

    private static func flatten(_ settings: Settings) throws -> [String: String] {
        var settings = settings
        settings.strategies = []
        let node = try Parser(yaml: settings.effectiveYAML(), resolver: .basic, encoding: .utf8).singleRoot()
        return node.map { values(of: $0, at: "") } ?? [:]
    }

    private static func strategies(_ settings: Settings) throws -> [String: [String: String]] {
        let node = try Parser(yaml: settings.effectiveYAML(), resolver: .basic, encoding: .utf8).singleRoot()
        var strategies: [String: [String: String]] = [:]
        for element in node?["strategies"]?.sequence ?? [] {
            var values = values(of: element, at: "")
            if let name = values.removeValue(forKey: "name") { strategies[name] = values }
        }
        return strategies
    }

    /// The leaves; a list is one.
    private static func values(of node: Node, at path: String) -> [String: String] {
        guard case .mapping(let mapping) = node else { return [path: text(of: node)] }
        var all: [String: String] = [:]
        for (key, value) in mapping {
            let inner = path.isEmpty ? key.string ?? "" : "\(path).\(key.string ?? "")"
            all.merge(values(of: value, at: inner)) { $1 }
        }
        return all
    }

    private static func text(of node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string
        case .sequence(let elements): "[\(elements.map(text).joined(separator: ", "))]"
        case .mapping(let mapping):
            "{\(mapping.map { "\($0.string ?? ""): \(text(of: $1))" }.joined(separator: ", "))}"
        case .alias: ""
        }
    }
}
