internal import WireProtocol

// What is kept of a strategy that was started by command: what the command said. The rest comes from the settings of the day.
extension StrategyConfig {
    /// As it is written to the desired state.
    var json: JSONValue {
        [
            "name": .string(name),
            "path": .string(path),
            "symbols": .array(symbols.map(JSONValue.string)),
            "data_types": .array(dataTypes.map(JSONValue.string)),
            "params": .object(params),
            "delivery": .string(delivery.rawValue),
            "warmup": .integer(Int64(warmup)),
            "python": .string(python),
        ]
    }

    /// Reads what ``json`` wrote; `nil` when it is not that.
    init?(json text: String, defaults: StrategyConfig) {
        guard let json = try? JSONValue(parsing: text), let name = json["name"]?.stringValue,
            let path = json["path"]?.stringValue, let symbols = json["symbols"]?.stringArrayValue,
            let dataTypes = json["data_types"]?.stringArrayValue, let params = json["params"]?.objectValue
        else { return nil }
        self = defaults
        self.name = name
        self.path = path
        self.symbols = symbols
        self.dataTypes = dataTypes
        self.params = params
        // An earlier version wrote neither.
        delivery = json["delivery"]?.stringValue.flatMap(Settings.Delivery.init(rawValue:)) ?? defaults.delivery
        python = json["python"]?.stringValue ?? defaults.python
        warmup = json["warmup"]?.integerValue.flatMap(Int.init(exactly:)) ?? defaults.warmup
    }
}
