import Testing

@testable import MarketFiles

@Suite struct NumberTextTests {
    private func parse(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        return NumberText.double(bytes.span)
    }

    @Test(arguments: [
        ("0", 0), ("46319.0", 46_319), ("2300413.7295", 2_300_413.7295), ("-12.5", -12.5), ("+3", 3), (".5", 0.5),
        ("3.", 3),
        ("1e3", 1000), ("1E-5", 1e-5), ("1.5e+2", 150), ("0000000000000000000000001", 1),
        ("9007199254740993", 9_007_199_254_740_992),
        ("0.1", 0.1), ("0.30000000000000004", 0.30000000000000004), ("1e22", 1e22), ("1e23", 1e23),
        ("5e-324", .leastNonzeroMagnitude),
        ("1.7976931348623157e308", Double.greatestFiniteMagnitude), ("1e-99999", 0), ("0e99999", 0),
        ("123456789012345678901234567890", 123_456_789_012_345_678_901_234_567_890.0),
    ])
    func reads(text: String, value: Double) {
        #expect(parse(text) == value)
    }

    @Test(arguments: [
        "", "-", "+", ".", "-.", "e5", "1e", "1e+", "abc", "1,5", "1 ", " 1", "1_000", "0x10", "nan", "inf",
        "-infinity", "1.2.3", "--1",
        "1e5.0", "\u{661}",
    ])
    func refuses(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func isInfiniteOutOfRange() {
        #expect(parse("1e309") == .infinity)
        #expect(parse("-1e99999") == -.infinity)
    }

    @Test func roundsLikeTheStandardLibrary() throws {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<50_000 {
            let any = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &generator))
            let digits =
                UInt64.random(in: 0...UInt64.max, using: &generator) >> UInt64.random(in: 0...63, using: &generator)
            let point = Int.random(in: 0...18, using: &generator)
            let padded = String(repeating: "0", count: 20) + "\(digits)"
            let decimal = "\(padded.dropLast(point)).\(padded.suffix(point))"
            for text in [any.description, decimal, "\(digits)e\(point * 3 - 27)"] where any.isFinite {
                try #require(parse(text) == Double(text), "\(text)")
            }
        }
    }
}
