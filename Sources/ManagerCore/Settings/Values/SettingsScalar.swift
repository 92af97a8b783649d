/// A setting that is written as one word or number, such as `250ms`, `1MiB` or `info`.
public protocol SettingsScalar: Codable, Hashable, Sendable, CustomStringConvertible {
    /// What may be written, for messages: "a duration such as 250ms …".
    static var expectation: String { get }
    /// Reads what a person wrote; `nil` when it is not a value of this kind.
    init?(text: String)
}

extension SettingsScalar {
    /// Reads the text.
    ///
    /// - Throws: `DecodingError` that says what may be written.
    public init(from decoder: any Decoder) throws {
        self = try Self.read(from: decoder)
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        try write(to: encoder)
    }

    fileprivate static func read(from decoder: any Decoder) throws -> Self {
        let container = try decoder.singleValueContainer()
        guard let text = try? container.decode(String.self), let value = Self(text: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: expectation)
        }
        return value
    }

    fileprivate func write(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

// A closed list of words.
extension SettingsScalar where Self: RawRepresentable & CaseIterable, RawValue == String {
    /// The words, for messages.
    public static var expectation: String {
        "one of " + allCases.map(\.rawValue).joined(separator: ", ")
    }

    /// Reads one of the words.
    public init?(text: String) {
        self.init(rawValue: text)
    }

    /// The word.
    public var description: String { rawValue }

    // Without these two, an enumeration would be coded as the compiler does it by itself: as a mapping of the case's name.

    /// Reads one of the words.
    ///
    /// - Throws: `DecodingError` that lists them.
    public init(from decoder: any Decoder) throws {
        self = try Self.read(from: decoder)
    }

    /// Writes the word.
    public func encode(to encoder: any Encoder) throws {
        try write(to: encoder)
    }
}
