import Testing
import WireProtocol

@Suite struct JSONNumberTests {
    @Test(
        arguments: [
            ("0", .integer(0)),
            ("1", .integer(1)),
            ("-1", .integer(-1)),
            ("1234567890", .integer(1_234_567_890)),
            ("9007199254740993", .integer(9_007_199_254_740_993)),
            ("9223372036854775807", .integer(.max)),
            ("-9223372036854775807", .integer(-.max)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("-9223372036854775809", .number(-9_223_372_036_854_775_808)),
            ("18446744073709551616", .number(18_446_744_073_709_551_616)),
            ("12345678901234567890123", .number(1.2345678901234567890123e22)),
            ("1.0", .number(1)),
            ("1e2", .number(100)),
            ("1E+2", .number(100)),
            ("1e-2", .number(0.01)),
            ("0.5", .number(0.5)),
            ("0e0", .number(0)),
            ("0.0000000000000000000000000001", .number(1e-28)),
            ("1e0000000000000000001", .number(10)),
        ] as [(String, JSONValue)]
    )
    func reads(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "-", "+", ".", "e", "-.", "01", "00", "-01", "-00", "007", "1.", "-1.", ".5", "-.5", "1.e5", "1e", "1e+", "1e-",
        "1E", "1.5e",
        "1e5.5", "0x10", "1_000", "1,5", "--1", "-+1", "1-", "1+1", "٣", "1a", "0b1", "1f", "- 1", "1 .5", "-Infinity",
        "-NaN",
    ])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(arguments: ["-0", "-0.0", "-0e5", "-0.000000000000000000000000000000"])
    func keepsTheSignOfZero(text: String) throws {
        let value = try #require(try JSONValue(parsing: text).doubleValue)
        #expect(value.bitPattern == (-0.0).bitPattern)
    }

    @Test(arguments: [
        "1e309", "-1e309", "1e400", "1.8e308", "1e99999", "1e999999999999999999999999999", "123456789e301",
    ])
    func refusesWhatIsTooLargeForADouble(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(arguments: [
        "1e-400", "1e-99999999999999999999", "4.9e-324", "2.2250738585072011e-308", "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "0e999999999", "0.000e-999999999", "9007199254740993.0", "9007199254740992.5", "8.98846567431158e307",
        "0.1000000000000000055511151231257827021181583404541015625",
        "123456789012345678901234567890.12345678901234567890",
    ])
    func roundsHardCasesAsTheStandardLibraryDoes(text: String) throws {
        let expected = try #require(Double(text))
        #expect(try JSONValue(parsing: text).doubleValue?.bitPattern == expected.bitPattern)
    }

    @Test func readsVeryLongNumbers() throws {
        let zeros = String(repeating: "0", count: 400)
        for text in ["1" + zeros.dropLast(92), "0.\(zeros)1e400", "1\(zeros)e-400", "0.\(zeros)1", "1.\(zeros)1"] {
            #expect(try JSONValue(parsing: text).doubleValue?.bitPattern == Double(text)?.bitPattern)
        }
        #expect(throws: JSONError.self) { try JSONValue(parsing: "1" + zeros) }
        // The zeros must not bring an exponent that is cut while it is read back into range.
        let manyZeros = String(repeating: "0", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: "0.\(manyZeros)1e1000000") }
    }

    @Test func equalsTheStandardLibraryBitForBit() throws {
        var random = SeededGenerator(seed: 8259)
        var wrong: [String] = []
        var read = 0
        for _ in 0..<100_000 {
            let text = decimal(&random)
            let expected = try #require(Double(text))
            let value = try? JSONValue(parsing: text).doubleValue
            if expected.isFinite { read += 1 }
            if value?.bitPattern != (expected.isFinite ? expected.bitPattern : nil) { wrong.append(text) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        #expect(read > 90_000)
    }

    @Test func whatIsWrittenReadsBackBitForBit() throws {
        var random = SeededGenerator(seed: 1736)
        var wrong: [Double] = []
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            if try JSONValue(parsing: JSONValue.number(value).text).doubleValue?.bitPattern != value.bitPattern {
                wrong.append(value)
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        for value in [Int64.min, -1, 0, 1, .max] {
            #expect(try JSONValue(parsing: JSONValue.integer(value).text) == .integer(value))
        }
    }

    /// A number as people and programs write them: short prices mostly, sometimes many digits, sometimes an exponent.
    private func decimal(_ random: inout SeededGenerator) -> String {
        var text = Bool.random(using: &random) ? "-" : ""
        let isLong = Int.random(in: 0..<8, using: &random) == 0
        func digits(_ count: Int) -> String {
            String((0..<count).map { _ in Character(UnicodeScalar(UInt8.random(in: 48...57, using: &random))) })
        }
        let whole = digits(Int.random(in: 1...(isLong ? 40 : 9), using: &random)).drop { $0 == "0" }
        text += whole.isEmpty ? "0" : String(whole)
        if Int.random(in: 0..<4, using: &random) > 0 {
            text += "." + digits(Int.random(in: 1...(isLong ? 40 : 9), using: &random))
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            let limit = Bool.random(using: &random) ? 22 : 310
            text += ["e", "E", "e+", "E-", "e-"].randomElement(using: &random) ?? "e"
            text += String(Int.random(in: 0...limit, using: &random))
        }
        return text
    }
}
