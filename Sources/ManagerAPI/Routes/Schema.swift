internal import WireProtocol

/// What a value must be like: what requests are checked against, and what the OpenAPI document says.
indirect enum Schema: Sendable {
    case text(ClosedRange<Int> = 0...65_536, pattern: Pattern? = nil)
    case choice([String])
    case integer(ClosedRange<Int64>)
    case number
    case boolean
    case list(Schema, max: Int)
    /// `isOpen`: other members than the fields may be there, of any kind.
    case object([Field], isOpen: Bool = false)
    /// Any JSON value.
    case any
    case nullable(Schema)
    /// One of several, and only one.
    case either([Schema])

    /// Characters that text consists of.
    enum Pattern: String, Sendable {
        /// A worker, or a token.
        case name = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"
        /// An instrument; others than these characters can be published over the feed socket only.
        case symbol = "^[!-~]{1,64}$"
        /// A kind of market data.
        case dataType = "^[A-Za-z0-9_]{1,32}$"

        func matches(_ text: String) -> Bool {
            switch self {
            case .name: 1...64 ~= text.utf8.count && text.first != "." && text.utf8.allSatisfy(Self.isNameByte)
            case .symbol: 1...64 ~= text.utf8.count && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
            case .dataType:
                1...32 ~= text.utf8.count
                    && text.utf8.allSatisfy {
                        Self.isNameByte($0) && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "-")
                    }
            }
        }

        private static func isNameByte(_ byte: UInt8) -> Bool {
            byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }

        var expectation: String {
            switch self {
            case .name: "1 to 64 of A-Z a-z 0-9 . _ -"
            case .symbol: "1 to 64 characters without spaces"
            case .dataType: "1 to 32 of A-Z a-z 0-9 _"
            }
        }
    }

    struct Field: Sendable {
        let name: String
        let schema: Schema
        let about: String
        let isRequired: Bool

        init(_ name: String, _ schema: Schema, _ about: String = "", isRequired: Bool = false) {
            self.name = name
            self.schema = schema
            self.about = about
            self.isRequired = isRequired
        }
    }

    /// An object of whatever members.
    static let open = Schema.object([], isOpen: true)
    static let count = Schema.integer(0...Int64.max)
    static let nanoseconds = Schema.integer(Int64.min...Int64.max)
    static let workerID = Schema.text(1...64, pattern: .name)
    static let symbol = Schema.text(1...64, pattern: .symbol)
    static let dataType = Schema.text(1...32, pattern: .dataType)
}

// Checking what a client sends.
extension Schema {
    /// - Throws: ``APIError`` that names the place.
    func check(_ value: JSONValue, at path: String) throws(APIError) {
        func wrong(_ expected: String) -> APIError {
            APIError(.invalidParameters, "'\(path)' must be \(expected)")
        }
        switch self {
        case .text(let length, let pattern):
            guard let text = value.stringValue, length.contains(text.unicodeScalars.count) else {
                throw wrong("text of \(length.lowerBound) to \(length.upperBound) characters")
            }
            if let pattern, !pattern.matches(text) { throw wrong(pattern.expectation) }
        case .choice(let words):
            guard let text = value.stringValue, words.contains(text) else {
                throw wrong("one of \(words.joined(separator: ", "))")
            }
        case .integer(let range):
            guard let number = value.integerValue, range.contains(number) else {
                throw wrong("a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
        case .number: guard value.doubleValue != nil else { throw wrong("a number") }
        case .boolean: guard value.boolValue != nil else { throw wrong("true or false") }
        case .list(let element, let max):
            guard let elements = value.arrayValue, elements.count <= max else {
                throw wrong("a list of at most \(max)")
            }
            for (index, value) in elements.enumerated() { try element.check(value, at: "\(path)[\(index)]") }
        case .object(let fields, let isOpen):
            guard let members = value.objectValue else { throw wrong("an object") }
            try Self.check(members, fields, isOpen, at: path)
        case .any: break
        case .nullable(let schema): if value != .null { try schema.check(value, at: path) }
        case .either(let schemas):
            var failures: [APIError] = []
            for schema in schemas {
                do throws(APIError) {
                    try schema.check(value, at: path)
                } catch {
                    failures.append(error)
                }
            }
            guard failures.count == schemas.count - 1 else {
                throw failures.last ?? wrong("only one of what it may be")
            }
        }
    }

    private static func check(
        _ members: [String: JSONValue],
        _ fields: [Field],
        _ isOpen: Bool,
        at path: String
    ) throws(APIError) {
        for field in fields {
            guard let value = members[field.name] else {
                if field.isRequired { throw APIError(.invalidParameters, "'\(field.name)' is missing") }
                continue
            }
            try field.schema.check(value, at: path == "the body" ? field.name : "\(path).\(field.name)")
        }
        guard !isOpen else { return }
        let known = fields.map(\.name)
        if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
            let nearest = NearestName.find(unknown, in: known).map { "; did you mean '\($0)'?" } ?? ""
            throw APIError(.invalidParameters, "there is no '\(unknown.prefix(64))'\(nearest)")
        }
    }

    /// Reads a parameter of a path or a query, which is text.
    func read(_ text: String, at path: String) throws(APIError) -> JSONValue {
        let value: JSONValue
        switch self {
        case .integer:
            guard let number = Int64(text) else {
                throw APIError(.invalidParameters, "'\(path)' must be a whole number")
            }
            value = .integer(number)
        case .list:
            value = .array(text.split(separator: ",").map { .string(String($0)) })
        default: value = .string(text)
        }
        try check(value, at: path)
        return value
    }
}

// The OpenAPI document.
extension Schema {
    /// As JSON Schema, 2020-12.
    var json: JSONValue {
        switch self {
        case .text(let length, let pattern):
            var json: [String: JSONValue] = ["type": "string", "maxLength": .integer(Int64(length.upperBound))]
            if length.lowerBound > 0 { json["minLength"] = .integer(Int64(length.lowerBound)) }
            json["pattern"] = pattern.map { .string($0.rawValue) }
            return .object(json)
        case .choice(let words): return ["type": "string", "enum": .array(words.map(JSONValue.string))]
        case .integer(let range):
            var json: [String: JSONValue] = ["type": "integer", "format": "int64"]
            json["minimum"] = .integer(range.lowerBound)
            json["maximum"] = .integer(range.upperBound)
            return .object(json)
        case .number: return ["type": "number"]
        case .boolean: return ["type": "boolean"]
        case .list(let element, let max):
            return ["type": "array", "items": element.json, "maxItems": .integer(Int64(max))]
        case .object(let fields, let isOpen):
            var json: [String: JSONValue] = ["type": "object", "additionalProperties": .bool(isOpen)]
            json["properties"] = .object(Dictionary(fields.map { ($0.name, $0.json) }) { $1 })
            let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
            if !required.isEmpty { json["required"] = .array(required) }
            return .object(json)
        case .any: return [:]
        case .nullable(let schema): return ["anyOf": [schema.json, ["type": "null"]]]
        case .either(let schemas): return ["oneOf": .array(schemas.map(\.json))]
        }
    }
}

extension Schema.Field {
    var json: JSONValue {
        var members = schema.json.objectValue ?? [:]
        if !about.isEmpty { members["description"] = .string(about) }
        return .object(members)
    }
}
