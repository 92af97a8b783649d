import Testing
import WireProtocol

/// What is JSON and what is not, by RFC 8259.
@Suite struct JSONTextTests {
    @Test(
        arguments: [
            ("null", .null),
            ("true", true),
            ("false", false),
            ("0", .integer(0)),
            ("\"\"", ""),
            ("[]", []),
            ("{}", [:]),
            (" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n", [1, 2]),
            (" { \"a\" : { \"b\" : [ { } , null ] } } ", ["a": ["b": [[:], nil]]]),
            ("{\"\":1}", ["": 1]),
            ("[[[[1]]]]", [[[[1]]]]),
            ("{\"a\":1,\"a\":2}", ["a": 2]),
            ("{\"a\":1,\"\\u0061\":2}", ["a": 2]),
            ("\"\u{7F}\u{80}\u{2028}\"", "\u{7F}\u{80}\u{2028}"),
            ("\"é €\u{1F600}\"", "é €\u{1F600}"),
        ] as [(String, JSONValue)]
    )
    func accepts(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "\n", "nul", "nulll", "Null", "NULL", "tru", "True", "falsy", "yes", "undefined",
        "NaN", "nan", "Infinity", "-Infinity", "inf", "+1",
        "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "[1,,2]", "[}", "{]",
        "{1:2}", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{\"a\" 1}",
        "{\"a\"::1}",
        "{,}", "{\"a\":1,,\"b\":2}", "{null:1}",
        "1 2", "{} {}", "[] ]", "true false", "\"a\" \"b\"", "null,",
        "'a'", "\"", "\"a", "\"\\\"", "\"\\", "a", "\u{FEFF}{}", "\u{A0}1", "\u{0B}1", "\u{0C}1",
        "// comment\n1", "/* comment */ 1", "1 // comment", "# comment",
    ])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test func refusesEveryControlCharacterInAString() {
        for byte in UInt8(0)..<0x20 {
            #expect(throws: JSONError.self) { try JSONValue(bytes: Array("\"a".utf8) + [byte] + Array("\"".utf8)) }
            // A backslash in front does not make it an escape.
            #expect(throws: JSONError.self) { try JSONValue(bytes: Array("\"\\".utf8) + [byte] + Array("\"".utf8)) }
        }
    }

    @Test(arguments: [
        "ff", "80", "c0af", "c3", "e282", "e28228", "eda080", "edbfbf", "f0808080", "f4908080", "f8888080", "c3a9c3",
    ])
    func refusesTextThatIsNotUTF8(hex: String) {
        let quoted = [0x22] + bytes(hex: hex) + [0x22]
        #expect(throws: JSONError.self) { try JSONValue(bytes: quoted) }
        #expect(throws: JSONError.self) { try JSONValue(bytes: Array("{".utf8) + quoted + Array(":1}".utf8)) }
        #expect(throws: JSONError.self) {
            try JSONValue(bytes: Array("[\"\\n".utf8) + quoted.dropFirst() + Array("]".utf8))
        }
    }

    @Test func nestsToTheLimitAndNotFurther() throws {
        let limit = JSONScanner.maxDepth
        func arrays(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        func objects(_ depth: Int) -> String {
            String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        }
        _ = try JSONValue(parsing: arrays(limit))
        _ = try JSONValue(parsing: objects(limit))
        #expect(throws: JSONError.self) { try JSONValue(parsing: arrays(limit + 1)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: objects(limit + 1)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000)) }
        // Breadth is not depth.
        _ = try JSONValue(parsing: "[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]")
    }

    @Test func anErrorSaysWhatAndWhere() {
        #expect { try JSONValue(parsing: "[1, x]") } throws: { error in
            "\(error)" == "not a JSON value at byte 4"
        }
        #expect { try JSONValue(parsing: "{\"a\":1") } throws: { error in
            "\(error)" == "the text ends too early at byte 6"
        }
    }

    @Test func skippingChecksAsReadingDoes() throws {
        let texts = [
            "{\"a\":[1,{\"b\":\"\\u0041\"}],\"c\":null}", "[1e400]", "[\"\\x\"]", "{\"\\ud800\":1}", "[01]", "[1,]",
            "tru", "[true,false]",
        ]
        for text in texts {
            let reads = (try? JSONValue(parsing: text)) != nil
            let skips = Array(text.utf8).withUnsafeBytes { raw in
                var scanner = JSONScanner(raw)
                return (try? scanner.skip()) != nil && (try? scanner.end()) != nil
            }
            #expect(reads == skips, "\(text)")
        }
    }
}
