import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

/// The crossover strategy that the project ships, in the real worker.
@Suite(.timeLimit(.minutes(2)))
struct SMACrossTests {
    @Test func itsSignalsAreThoseOfAnIndependentComputation() throws {
        var random = SeededGenerator(7)
        var price = 100.0
        let closes = (0..<3000).map { _ in
            // Steps of a quarter, so that equal averages occur.
            price += Double(Int.random(in: -2...2, using: &random)) / 4
            return price
        }
        let expected = crossings(closes, fast: 5, slow: 12)
        #expect(expected.count > 100)

        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.smaCross.get(), params: ["fast": 5, "slow": 12])
        for (index, close) in closes.enumerated() { try manager.publishBar(UInt64(index + 1), close: close) }
        var signals: [Crossing] = []
        while signals.count < expected.count {
            let message = try manager.nextOnStatus()
            let payload = message.payload
            signals.append(
                Crossing(
                    sequence: payload["sequence"]?.integerValue ?? 0,
                    side: payload["side"]?.stringValue ?? "",
                    fast: payload["data"]?["fast"]?.doubleValue ?? .nan,
                    slow: payload["data"]?["slow"]?.doubleValue ?? .nan
                )
            )
        }
        #expect(signals == expected)
        #expect(try manager.ask(.stop)["result"] == "done")
    }

    private struct Crossing: Equatable {
        let sequence: Int64
        let side: String
        let fast: Double
        let slow: Double
    }

    private func crossings(_ closes: [Double], fast: Int, slow: Int) -> [Crossing] {
        var result: [Crossing] = []
        var previous: Double?
        for end in slow...closes.count {
            var (fastSum, slowSum) = (0.0, 0.0)
            for close in closes[end - fast..<end] { fastSum += close }
            for close in closes[end - slow..<end] { slowSum += close }
            let (fastAverage, slowAverage) = (fastSum / Double(fast), slowSum / Double(slow))
            let now = fastAverage - slowAverage
            if let previous, previous <= 0 && now > 0 || previous >= 0 && now < 0 {
                let side = now > 0 ? "buy" : "sell"
                result.append(Crossing(sequence: Int64(end), side: side, fast: fastAverage, slow: slowAverage))
            }
            previous = now
        }
        return result
    }
}

/// splitmix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
