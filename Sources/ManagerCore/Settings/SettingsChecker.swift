import WireProtocol

/// Gathers what is wrong with the values of a configuration.
struct SettingsChecker {
    private(set) var problems: [SettingsError.Problem] = []

    /// Notes that the value at `path` is wrong; `message` goes on after its name.
    mutating func report(_ message: String, _ path: String) {
        problems.append(SettingsError.Problem("\(path) \(message)", path: path))
    }

    /// Notes a problem unless `condition` holds.
    mutating func require(_ condition: Bool, _ path: String, _ message: () -> String) {
        if !condition { report(message(), path) }
    }

    /// A value between two bounds. Not-a-number is outside of every range.
    mutating func range<Value: Comparable>(_ value: Value, _ allowed: ClosedRange<Value>, _ path: String) {
        require(allowed.contains(value), path) {
            "must be from \(allowed.lowerBound) to \(allowed.upperBound), not \(value)"
        }
    }

    /// A file's or a folder's name, or nothing.
    mutating func path(_ value: String, _ path: String) {
        require(value.utf8.count < 4096 && !value.utf8.contains(0), path) {
            "must be shorter than 4096 bytes and without a NUL character"
        }
    }

    /// A symbol that a topic can hold.
    mutating func symbol(_ value: String, _ path: String) {
        require((try? Topic(symbol: value, dataType: "kline")) != nil, path) {
            "must be 1 to \(Topic.maxSymbolBytes) bytes without spaces and control characters, not '\(value.printable)'"
        }
    }

    /// A whole topic.
    mutating func topic(_ value: String, _ path: String) {
        require(Topic.isTopic(value), path) {
            "must be all, off, or topics such as market.BTC/USDT.kline, not '\(value.printable)'"
        }
    }

    /// A data type that a topic can hold.
    mutating func dataType(_ value: String, _ path: String) {
        require((try? Topic(symbol: "-", dataType: value)) != nil, path) {
            "must be 1 to \(Topic.maxDataTypeBytes) of the characters A-Z a-z 0-9 _, such as kline, not '\(value.printable)'"
        }
    }

    /// `A-Z a-z 0-9 _ -`
    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension Topic {
    /// Whether a text is a whole topic, as in `market.BTC/USDT.kline`.
    static func isTopic(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { (try? Topic(parsing: $0)) != nil }
    }
}

extension String {
    /// The text on one line of at most 60 characters, fit for a message on a terminal.
    var printable: String {
        var text = ""
        for scalar in unicodeScalars.prefix(60) {
            text += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return unicodeScalars.count > 60 ? text + "…" : text
    }
}
