import Foundation
import Testing

/// The 45,031 real bars, which lie next to the checkout.
enum RealBars {
    static let symbol = "BTC/USDT"
    static let count = 45_031

    static let path: String = {
        let folder =
            ProcessInfo.processInfo.environment["QUANTCELL_SHARED_DATA"]
            ?? Build.repository.deletingLastPathComponent().appending(path: "shared/data").path
        return folder + "/btc-perp-1m.csv"
    }()

    static func closes() throws -> [Double] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            try #require(Double(line.split(separator: ",")[4]))
        }
    }
}

/// What a crossover has to signal, worked out from its definition: one pass, no state, every average taken anew.
struct Crossing: Hashable {
    let sequence: Int
    let side: String
    let price: Double
    let fast: Double
    let slow: Double

    static func all(of closes: [Double], fast: Int, slow: Int) -> [Crossing] {
        func average(_ count: Int, _ end: Int) -> Double { closes[end - count..<end].reduce(0, +) / Double(count) }
        return (slow + 1..<closes.count + 1).compactMap { end in
            let (fastNow, slowNow) = (average(fast, end), average(slow, end))
            let before = average(fast, end - 1) - average(slow, end - 1)
            let now = fastNow - slowNow
            guard before <= 0 && now > 0 || before >= 0 && now < 0 else { return nil }
            return Crossing(
                sequence: end,
                side: now > 0 ? "buy" : "sell",
                price: closes[end - 1],
                fast: fastNow,
                slow: slowNow
            )
        }
    }
}
