import Testing
import WireProtocol

@Suite struct JSONStringTests {
    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud83d\ude00""#, "\u{1F600}"),
        (#""\uD800\uDC00""#, "\u{10000}"),
        (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
        (#""\ud7ff\ue000""#, "\u{D7FF}\u{E000}"),
        (#""\u0000\u001f""#, "\u{0}\u{1F}"),
        (#""\uffff\ufeff""#, "\u{FFFF}\u{FEFF}"),
        (#""a\u000d\u000ab""#, "a\r\nb"),
        (#""e\u0301""#, "e\u{301}"),
        (#""BTC\/USDT""#, "BTC/USDT"),
    ])
    func unescapes(text: String, expected: String) throws {
        let value = try #require(try JSONValue(parsing: text).stringValue)
        #expect(Array(value.unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test(arguments: [
        #""\x41""#, #""\a""#, #""\'""#, #""\U0041""#, #""\u""#, #""\u004""#, #""\u00g1""#, #""\u+041""#, #""\u 041""#,
        #""\ud800""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\u""#, #""\ud800\u0041""#, #""\ud800\ud800""#,
        #""\udc00""#, #""\udc00\ud800""#, #""\ud83d\ude0""#, #""\ud83d \ude00""#,
    ])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: "{\(text):1}") }
    }

    @Test func writesEveryControlCharacterEscaped() {
        let controls = String((UInt8(0)..<0x20).map { Character(UnicodeScalar($0)) })
        let expected =
            #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\t\n\u000b\u000c\r\u000e\u000f"#
            + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#
        #expect(JSONValue.string(controls).text == expected)
        #expect(JSONValue.string("\"\\/\u{7F}é\u{1F600}").text == "\"\\\"\\\\/\u{7F}é\u{1F600}\"")
    }

    @Test func writesValuesCompactWithSortedKeys() {
        let value: JSONValue = ["b": [1, 2.5, nil, true], "a": ["z": "", "y": [:]], "c": [], "B": -7]
        #expect(value.text == #"{"B":-7,"a":{"y":{},"z":""},"b":[1,2.5,null,true],"c":[]}"#)
        #expect(JSONValue.number(.nan).text == "null")
        #expect(JSONValue.number(-.infinity).text == "null")
    }

    @Test func aWriterIsUsedAgain() {
        var writer = JSONWriter()
        writer.write([1])
        writer.removeAll()
        writer.integer(UInt64.max)
        #expect(writer.bytes == Array("18446744073709551615".utf8))
    }

    @Test func whateverIsWrittenReadsBack() throws {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<2000 {
            let value = anyValue(&random, depth: 0)
            #expect(try JSONValue(parsing: value.text) == value)
        }
    }

    @Test func readersOfAPayloadGetWhatIsThere() {
        let value: JSONValue = ["s": "text", "i": 3, "d": 2.5, "w": 4.0, "b": true, "a": ["x", "y"], "m": ["x", 1]]
        #expect(value["s"]?.stringValue == "text" && value["i"]?.stringValue == nil)
        #expect(value["i"]?.integerValue == 3 && value["w"]?.integerValue == 4 && value["d"]?.integerValue == nil)
        #expect(value["i"]?.doubleValue == 3 && value["d"]?.doubleValue == 2.5 && value["s"]?.doubleValue == nil)
        #expect(value["b"]?.boolValue == true && value["i"]?.boolValue == nil)
        #expect(value["a"]?.stringArrayValue == ["x", "y"] && value["m"]?.stringArrayValue == nil)
        #expect(value["nothing"] == nil && value["a"]?["s"] == nil && JSONValue.null["s"] == nil)
    }

    private func anyValue(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth < 4 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .integer(.random(in: .min ... .max, using: &random))
        case 3: return .number(.random(in: -1e6...1e6, using: &random))
        case 4, 5: return .string(anyText(&random))
        case 6:
            return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in anyValue(&random, depth: depth + 1) })
        default:
            let members = (0..<Int.random(in: 0..<5, using: &random)).map { _ in
                (anyText(&random), anyValue(&random, depth: depth + 1))
            }
            return .object(Dictionary(members) { $1 })
        }
    }

    private func anyText(_ random: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<12, using: &random) {
            let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
            if let scalar = UnicodeScalar(UInt32.random(in: 0..<limit, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
