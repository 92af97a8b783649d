public import WireProtocol

/// The parameters of a strategy: any mapping that can also be written as JSON.
public struct SettingsParameters: Hashable, Sendable {
    /// The parameters by name.
    public var values: [String: JSONValue]

    /// Makes a set of parameters.
    public init(_ values: [String: JSONValue] = [:]) {
        self.values = values
    }

    /// The parameters as one JSON object, keys in alphabetical order; what a worker is given.
    public var json: String { JSONValue.object(values).text }
}

extension SettingsParameters: Codable {
    /// Reads a mapping.
    ///
    /// - Throws: `DecodingError` when it is not a mapping, or holds a number that is not finite.
    public init(from decoder: any Decoder) throws {
        values = try [String: Value](from: decoder).mapValues(\.json)
    }

    /// Writes a mapping.
    public func encode(to encoder: any Encoder) throws {
        try Value(.object(values)).encode(to: encoder)
    }

    private struct Value: Codable {
        let json: JSONValue

        init(_ json: JSONValue) {
            self.json = json
        }

        init(from decoder: any Decoder) throws {
            if let members = try? decoder.container(keyedBy: SettingsKey.self) {
                var object: [String: JSONValue] = [:]
                for key in members.allKeys {
                    object[key.stringValue] = try members.decode(Value.self, forKey: key).json
                }
                json = .object(object)
            } else if var elements = try? decoder.unkeyedContainer() {
                var array: [JSONValue] = []
                while !elements.isAtEnd {
                    array.append(try elements.decode(Value.self).json)
                }
                json = .array(array)
            } else {
                json = try Self.scalar(decoder.singleValueContainer())
            }
        }

        /// The value of a word: `null`, `true`, `false`, a decimal number, or else text.
        ///
        /// YAML 1.1 would also turn `NO` into false, `0700` into 448 and `9:30` into 570, which is nobody's intention for a country, a
        /// stock or a time of day; only what JSON would read as a number or truth value is one here.
        private static func scalar(_ container: any SingleValueDecodingContainer) throws -> JSONValue {
            if container.decodeNil() { return .null }
            let text = try? container.decode(String.self)
            if let value = try? container.decode(Bool.self), text == nil || ["true", "false"].contains(text) {
                return .bool(value)
            }
            // Only unquoted text decodes as a number.
            guard let value = try? container.decode(Double.self) else { return .string(text ?? "") }
            guard value.isFinite else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "a finite number")
            }
            guard let text else {
                return (try? container.decode(Int64.self)).map(JSONValue.integer) ?? .number(value)
            }
            switch try? JSONValue(parsing: text) {
            case .some(let number): return number
            case .none: return .string(text)
            }
        }

        func encode(to encoder: any Encoder) throws {
            if case .object(let members) = json {
                var container = encoder.container(keyedBy: SettingsKey.self)
                for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                    try container.encode(Value(value), forKey: SettingsKey(stringValue: key))
                }
                return
            }
            var container = encoder.singleValueContainer()
            switch json {
            case .null, .object: try container.encodeNil()
            case .bool(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .string(let value): try container.encode(value)
            case .array(let elements): try container.encode(elements.map(Value.init))
            }
        }
    }
}

/// A key that is known only at run time.
private struct SettingsKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) { nil }
}
