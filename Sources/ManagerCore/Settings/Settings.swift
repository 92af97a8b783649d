internal import WireProtocol
import Yams

/// Everything that can be configured, with its defaults: the contents of `config/quantcell.yaml` as a value.
///
/// `Settings()` is a working configuration. A program that embeds the manager changes what it wants to and asks
/// ``validate()``; `quantcell-manager` reads a file, the `QUANTCELL_*` variables and its flags.
public struct Settings: Codable, Hashable, Sendable {
    /// Limits, folders, endpoints and logging of the manager itself.
    public var manager = Manager()
    /// Who may connect.
    public var security = Security()
    /// The warm spare processes.
    public var pool = Pool()
    /// The interpreter of strategies in Python: a path, the folder of a virtual environment, or a name; empty: `python3` from `PATH`.
    public var python = ""
    /// Restarts, heartbeats and error budgets.
    public var supervisor = Supervisor()
    /// Limits of the market-data broker.
    public var broker = Broker()
    /// The record of market data.
    public var record = Record()
    /// The event journal.
    public var journal = Journal()
    /// Output of the workers.
    public var logs = Logs()
    /// The strategies that start with the manager.
    public var strategies: [Strategy] = []
    /// The market data that the manager itself feeds in.
    public var feeds: [Feed] = []
    /// The HTTP interface.
    public var api = API()

    /// The defaults.
    public init() {}

    /// What is wrong with the values: empty when the configuration can be used.
    ///
    /// Every problem names its key; a line and a column it has only where a file was read.
    public func validate() -> [SettingsError.Problem] {
        var checker = SettingsChecker()
        manager.check(with: &checker)
        security.check(with: &checker)
        pool.check(with: &checker)
        checker.path(python, "python")
        supervisor.check(with: &checker)
        broker.check(with: &checker)
        record.check(with: &checker)
        journal.check(with: &checker)
        logs.check(with: &checker)
        Strategy.check(strategies, with: &checker)
        for (index, feed) in feeds.enumerated() {
            feed.check(with: &checker, at: "feeds[\(index)]")
        }
        api.check(with: &checker)
        checker.require(record.buffer.bytes >= broker.maxMessageBytes.bytes * 4, "record.buffer") {
            "must be at least four times broker.max_message_bytes (\(broker.maxMessageBytes)), not \(record.buffer)"
        }
        let enabled = strategies.count(where: \.enabled)
        checker.require(enabled <= manager.maxWorkers, "manager.max_workers") {
            "must be at least \(enabled), the number of enabled strategies, not \(manager.maxWorkers)"
        }
        return checker.problems
    }

    /// The settings without the secrets in the parameters, variables and arguments of strategies, for people to look at.
    public var redacted: Settings {
        var settings = self
        for index in settings.strategies.indices {
            let params = JSONValue.object(settings.strategies[index].params.values).redacted
            settings.strategies[index].params.values = params.objectValue ?? [:]
            let environment = JSONValue.object(settings.strategies[index].environment.mapValues(JSONValue.string))
            settings.strategies[index].environment =
                environment.redacted.objectValue?.compactMapValues(\.stringValue) ?? [:]
            let arguments = JSONValue.array(settings.strategies[index].arguments.map(JSONValue.string))
            settings.strategies[index].arguments =
                JSONValue.object(["arguments": arguments]).redacted["arguments"]?.stringArrayValue ?? []
        }
        return settings
    }

    /// The whole configuration as YAML, defaults included, as `check-config` prints it. Loading it gives this value again.
    ///
    /// - Throws: `EncodingError` when a parameter cannot be written as YAML.
    public func effectiveYAML() throws -> String {
        let encoded = try YAMLEncoder().encode(self)
        guard let node = try Parser(yaml: encoded, resolver: .basic, encoding: .utf8).singleRoot() else {
            return encoded
        }
        return try serialize(node: node.withPlainNumbers, width: -1, allowUnicode: true)
    }
}

extension Node {
    /// The node with numbers as people write them; Yams writes 0.25 as `2.5e-1`.
    fileprivate var withPlainNumbers: Node {
        switch self {
        case .mapping(let mapping):
            Node(mapping.map { ($0, $1.withPlainNumbers) }, .implicit, mapping.style)
        case .sequence(let elements):
            Node(elements.map(\.withPlainNumbers), .implicit, elements.style)
        case .scalar(let scalar):
            if scalar.style == .plain, scalar.string.contains("e"), let number = Double(scalar.string) {
                Node("\(number)")
            } else {
                self
            }
        case .alias:
            self
        }
    }
}
