/// The names that Prometheus allows, made of those that programs use.
///
/// Related documentation: "Metric names and labels" in Prometheus's data model.
enum MetricName {
    /// A metric's name: `hb.requests` is `hb_requests`.
    static func metric(_ label: String) -> String {
        sanitized(label) { isWord($0) || $0 == UInt8(ascii: ":") }
    }

    /// A label's name. Those that begin with two underscores are Prometheus's own.
    static func label(_ name: String) -> String {
        let text = sanitized(name, isAllowed: isWord)
        return text.hasPrefix("__") ? "label" + text : text
    }

    /// A metric's name with the suffix that its kind or unit asks for, once.
    static func metric(_ label: String, suffix: String) -> String {
        let name = metric(label)
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func sanitized(_ text: String, isAllowed: (UInt8) -> Bool) -> String {
        let bytes = text.utf8.map { isAllowed($0) ? $0 : UInt8(ascii: "_") }
        let isDigit = bytes.first.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? true
        return (isDigit ? "_" : "") + String(decoding: bytes, as: UTF8.self)
    }
}
