/// The bytes that mean something in a CSV file or in a time.
extension UInt8 {
    static var newline: UInt8 { UInt8(ascii: "\n") }
    static var carriageReturn: UInt8 { UInt8(ascii: "\r") }
    static var tab: UInt8 { UInt8(ascii: "\t") }
    static var space: UInt8 { UInt8(ascii: " ") }
    static var quote: UInt8 { UInt8(ascii: "\"") }
    static var comma: UInt8 { UInt8(ascii: ",") }
    static var semicolon: UInt8 { UInt8(ascii: ";") }
    static var point: UInt8 { UInt8(ascii: ".") }
    static var colon: UInt8 { UInt8(ascii: ":") }
    static var plus: UInt8 { UInt8(ascii: "+") }
    static var minus: UInt8 { UInt8(ascii: "-") }

    /// 0 to 9 for an ASCII digit, `nil` for any other byte.
    @inline(__always)
    var digit: UInt8? {
        let value = self &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }

    /// A lowercase letter for an ASCII letter of either case; other bytes as they are.
    var lowercased: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self + 32 : self
    }
}

extension String {
    /// The text in single quotes for a message: at most 40 characters, on one line whatever it holds.
    var excerpt: String {
        let limit = 40
        var shown = ""
        for scalar in unicodeScalars.prefix(limit) {
            let isControl = scalar.properties.generalCategory == .control
            shown += isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return unicodeScalars.dropFirst(limit).isEmpty ? "'\(shown)'" : "'\(shown)…'"
    }
}
