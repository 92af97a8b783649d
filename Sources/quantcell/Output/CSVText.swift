import WireProtocol

/// Records as comma-separated values (RFC 4180, with a line feed).
enum CSVText {
    /// One line for the named fields of an object; what is missing is empty, and what is no text or number is JSON.
    static func line(_ record: JSONValue, fields: [String]) -> String {
        fields.map { field in
            switch record[field] ?? .null {
            case .null: ""
            case .string(let text): quoted(text)
            case let value: quoted(value.text)
            }
        }.joined(separator: ",")
    }

    private static func quoted(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
                || byte == UInt8(ascii: "\r")
        }
        guard needsQuotes else { return text }
        var result = "\""
        for character in text.unicodeScalars {
            if character == "\"" { result += "\"" }
            result.unicodeScalars.append(character)
        }
        return result + "\""
    }
}
