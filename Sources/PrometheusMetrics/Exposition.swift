/// A page of series in Prometheus's text format, version 0.0.4, in the making.
///
/// ```swift
/// var page = Exposition()
/// page.family("quantcell_workers", .gauge, "Workers by state.")
/// page.sample([("state", "running")], 3)
/// ```
public struct Exposition: Sendable {
    /// What has been written so far, UTF-8.
    public private(set) var bytes: [UInt8] = []
    /// The families that it has.
    private var families: Set<String> = []
    private var family = ""

    /// An empty page.
    public init() {
        bytes.reserveCapacity(16 << 10)
    }

    /// Begins a family; its samples follow.
    ///
    /// - Parameters:
    ///   - name: A valid name, with the suffix of its unit, and `_total` for a counter.
    ///   - help: One sentence for people.
    /// - Returns: `false` where the page has it already: a family must not stand twice.
    @discardableResult
    public mutating func family(_ name: String, _ kind: MetricKind, _ help: String) -> Bool {
        guard families.insert(name).inserted else { return false }
        family = name
        if !help.isEmpty {
            text("# HELP \(name) ")
            escape(help, quotes: false)
            text("\n")
        }
        text("# TYPE \(name) \(kind.rawValue)\n")
        return true
    }

    /// Writes a sample of the family that was begun last.
    ///
    /// - Parameters:
    ///   - labels: With valid names; the values may be any text.
    ///   - value: Any number, also one that is not finite.
    ///   - suffix: What follows the family's name, as `_bucket` does.
    public mutating func sample(_ labels: [(String, String)] = [], _ value: Double, suffix: String = "") {
        begin(labels, suffix)
        switch value {
        case .infinity: text("+Inf\n")
        case -.infinity: text("-Inf\n")
        case _ where value.isNaN: text("NaN\n")
        default:
            // Nobody wants to read 3.0 workers; and beyond 2^53 a count is not exact either way.
            if let integer = Int64(exactly: value) { text("\(integer)\n") } else { text("\(value)\n") }
        }
    }

    /// Writes a sample that is a whole number; no digit of it is lost.
    public mutating func sample(_ labels: [(String, String)] = [], _ value: some BinaryInteger, suffix: String = "") {
        begin(labels, suffix)
        text("\(value)\n")
    }

    private mutating func begin(_ labels: [(String, String)], _ suffix: String) {
        text(family)
        text(suffix)
        guard !labels.isEmpty else { return text(" ") }
        text("{")
        for (index, label) in labels.enumerated() {
            text(index == 0 ? "\(label.0)=\"" : ",\(label.0)=\"")
            escape(label.1, quotes: true)
            text("\"")
        }
        text("} ")
    }

    private mutating func text(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Writes text in which a line or a value's end cannot hide.
    private mutating func escape(_ value: String, quotes: Bool) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): text(#"\\"#)
            case UInt8(ascii: "\n"): text(#"\n"#)
            case UInt8(ascii: "\"") where quotes: text(#"\""#)
            default: bytes.append(byte)
            }
        }
    }
}
