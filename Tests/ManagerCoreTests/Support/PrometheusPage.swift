import Foundation
import Testing

/// A page of metrics, taken apart strictly: whatever Prometheus would not read fails the test.
struct PrometheusPage {
    /// Family to type.
    private(set) var types: [String: String] = [:]
    /// Series, as they are written, to value.
    private(set) var values: [String: Double] = [:]
    let text: String

    init(_ bytes: [UInt8]) throws {
        text = String(decoding: bytes, as: UTF8.self)
        try #require(text.hasSuffix("\n"))
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("# HELP ") { continue }
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                try #require(words.count == 4 && types[String(words[2])] == nil, "\(line)")
                types[String(words[2])] = String(words[3])
                continue
            }
            let space = try #require(line.lastIndex(of: " "), "\(line)")
            let series = String(line[..<space])
            let value = try #require(Double(line[line.index(after: space)...].replacing("Inf", with: "inf")), "\(line)")
            try #require(values[series] == nil, "twice: \(line)")
            try #require(types[family(of: series)] != nil, "a sample without its family: \(line)")
            values[series] = value
        }
    }

    /// Everything that a query may name: families, and the parts of histograms.
    var names: Set<String> {
        Set(types.keys).union(
            types.filter { $0.value == "histogram" }.flatMap {
                ["\($0.key)_bucket", "\($0.key)_sum", "\($0.key)_count"]
            }
        )
    }

    subscript(series: String) -> Double? { values[series] }

    private func family(of series: String) -> String {
        let name = String(series.prefix { $0 != "{" })
        if types[name] != nil { return name }
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            let family = String(name.dropLast(suffix.count))
            if types[family] == "histogram" { return family }
        }
        return name
    }
}
