import WireProtocol

/// What a strategy is started with: from a file, with what the command line says laid over it.
struct StartConfiguration: Hashable {
    var name: String?
    var kind: String?
    var arguments: [String] = []
    var environment: [String: String] = [:]
    var symbols: [String] = []
    var dataTypes: [String] = []
    var params: [String: JSONValue] = [:]
    var delivery: String?
    var warmup: Int64?
    var watch: Bool?
    var python: String?

    private static let keys = [
        "name", "kind", "arguments", "environment", "symbols", "data_types", "params", "delivery", "warmup", "watch",
        "python",
    ]

    init() {}

    /// Reads the text of a `--config` file.
    ///
    /// - Parameters:
    ///   - text: A JSON object with any of the members of a `start` request, but for `path`, `fresh` and `wait`.
    ///   - path: The file, for messages.
    /// - Throws: ``CommandFailure`` with exit code 65.
    init(parsing text: String, path: String) throws(CommandFailure) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text)
        } catch {
            throw .badFile("\(path): \(error)")
        }
        guard let members = value.objectValue else { throw .badFile("\(path): a JSON object is needed") }
        for key in members.keys.sorted() where !Self.keys.contains(key) {
            throw .badFile("\(path): unknown key '\(key)'; known are \(Self.keys.joined(separator: ", "))")
        }
        func field<T>(_ key: String, _ kind: String, _ read: (JSONValue) -> T?) throws(CommandFailure) -> T? {
            guard let member = members[key], member != .null else { return nil }
            guard let result = read(member) else { throw .badFile("\(path): '\(key)' must be \(kind)") }
            return result
        }
        name = try field("name", "a string", \.stringValue)
        kind = try field("kind", "a string", \.stringValue)
        arguments = try field("arguments", "an array of strings", \.stringArrayValue) ?? []
        environment = try field("environment", "an object of strings", Self.texts) ?? [:]
        symbols = try field("symbols", "an array of strings", \.stringArrayValue) ?? []
        dataTypes = try field("data_types", "an array of strings", \.stringArrayValue) ?? []
        params = try field("params", "an object", \.objectValue) ?? [:]
        delivery = try field("delivery", "a string", \.stringValue)
        warmup = try field("warmup", "a whole number", \.integerValue)
        watch = try field("watch", "true or false", \.boolValue)
        python = try field("python", "a string", \.stringValue)
    }

    private static func texts(_ value: JSONValue) -> [String: String]? {
        guard let members = value.objectValue else { return nil }
        let texts = members.compactMapValues(\.stringValue)
        return texts.count == members.count ? texts : nil
    }

    /// Checks that the topics can exist.
    ///
    /// - Throws: `ProtocolError` for a symbol or a data type that no topic can have.
    func check() throws(ProtocolError) {
        for symbol in symbols { _ = try Topic(symbol: symbol, dataType: "kline") }
        for dataType in dataTypes { _ = try Topic(symbol: "X", dataType: dataType) }
    }

    /// The payload of a `start` request.
    func payload(path: String, isFresh: Bool = false, waits: Bool) -> [String: JSONValue] {
        var payload: [String: JSONValue] = [
            "path": .string(path),
            "symbols": .array(symbols.map(JSONValue.string)),
            "data_types": .array(dataTypes.map(JSONValue.string)),
            "params": .object(params),
            "wait": .bool(waits),
        ]
        payload["name"] = name.map(JSONValue.string)
        payload["kind"] = kind.map(JSONValue.string)
        if !arguments.isEmpty { payload["arguments"] = .array(arguments.map(JSONValue.string)) }
        if !environment.isEmpty { payload["environment"] = .object(environment.mapValues(JSONValue.string)) }
        payload["delivery"] = delivery.map(JSONValue.string)
        payload["warmup"] = warmup.map(JSONValue.integer)
        payload["watch"] = watch.map(JSONValue.bool)
        payload["python"] = python.map { .string($0.contains("/") ? Path.absolute($0) : $0) }
        if isFresh { payload["fresh"] = true }
        return payload
    }
}

/// One `--param key=value`.
struct Parameter: Hashable {
    let key: String
    let value: JSONValue

    /// Cuts at the first `=`. The value is JSON where it can be read as JSON, and text otherwise; `nil` without key or
    /// `=`.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        key = String(text[..<equals])
        let raw = String(text[text.index(after: equals)...])
        value = (try? JSONValue(parsing: raw)) ?? .string(raw)
    }
}

/// One `--env NAME=value`.
struct Variable: Hashable {
    let name: String
    let value: String

    /// Cuts at the first `=`; `nil` without name or `=`.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        name = String(text[..<equals])
        value = String(text[text.index(after: equals)...])
    }
}

/// Lists with commas.
enum ListText {
    /// The parts without blanks around them; empty ones are left out.
    static func parts(_ text: String) -> [String] {
        text.split(separator: ",").map { part in
            var part = part
            while part.first == " " { part.removeFirst() }
            while part.last == " " { part.removeLast() }
            return String(part)
        }.filter { !$0.isEmpty }
    }
}
