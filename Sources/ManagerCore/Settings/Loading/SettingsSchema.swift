import Yams

/// Every key there is, with its default: the configuration's own types, encoded.
///
/// A mapping is a section, an empty mapping takes any keys, a list of mappings is a list of sections (one element for each kind),
/// and everything else is a value.
struct SettingsSchema {
    /// All keys, those too that have no default.
    let keys: Node
    /// What the keys are when nobody gives them.
    let defaults: Node

    init() throws {
        var settings = Settings()
        settings.strategies = [Settings.Strategy(name: "", path: "")]
        settings.feeds = [
            .csv(Settings.CSVFeed(path: "", symbol: "")), .randomWalk(Settings.RandomWalkFeed(symbol: "")),
        ]
        defaults = try Self.encode(settings)
        settings.strategies[0].restartPolicy = settings.supervisor.restartPolicy
        settings.strategies[0].health = settings.supervisor.health
        settings.strategies[0].errorBudget = settings.supervisor.errorBudget
        settings.strategies[0].limits = settings.supervisor.limits
        settings.strategies[0].delivery = settings.supervisor.delivery
        settings.strategies[0].warmup = settings.supervisor.warmup
        settings.strategies[0].checkpoint = settings.supervisor.checkpoint
        settings.strategies[0].python = settings.python
        settings.strategies[0].stopGrace = settings.manager.stopGrace
        keys = try Self.encode(settings)
    }

    private static func encode(_ settings: Settings) throws -> Node {
        try Parser(yaml: settings.effectiveYAML(), resolver: .basic, encoding: .utf8).singleRoot() ?? [:]
    }

    /// The paths of all keys, sections included; list elements as in `strategies[0].name`.
    var paths: [String] {
        func paths(of node: Node, at path: String) -> [String] {
            switch node {
            case .mapping(let mapping):
                mapping.flatMap { key, value in
                    let child = path.isEmpty ? key.string ?? "" : "\(path).\(key.string ?? "")"
                    return [child] + paths(of: value, at: child)
                }
            case .sequence(let elements):
                elements.enumerated().flatMap { paths(of: $1, at: "\(path)[\($0)]") }
            case .scalar, .alias: []
            }
        }
        return paths(of: keys, at: "")
    }
}
