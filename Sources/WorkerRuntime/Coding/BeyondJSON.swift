import WireProtocol

/// Numbers that JSON, or ``JSONValue``, has no number for: they are written as text and read from it.
enum BeyondJSON {
    /// A number; one that is not finite becomes `"nan"`, `"inf"` or `"-inf"`.
    static func json(_ value: Double) -> JSONValue {
        value.isFinite ? .number(value) : .string(value.description)
    }

    /// An integer; one beyond 63 bits becomes its digits as text.
    static func json(_ value: any FixedWidthInteger) -> JSONValue {
        Int64(exactly: value).map(JSONValue.integer) ?? .string(value.description)
    }

    static func double(_ text: String) -> Double? {
        switch text {
        case "nan": .nan
        case "inf": .infinity
        case "-inf": -.infinity
        default: nil
        }
    }

    static func integer<T: FixedWidthInteger>(_ text: String) -> T? {
        // Only what is written for them: "7" is no number.
        guard let value = T(text), Int64(exactly: value) == nil else { return nil }
        return value
    }
}
