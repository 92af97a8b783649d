import Testing
import WireProtocol

@testable import quantcell

@Suite struct InputTests {
    private static let keysAndValues: [(String, String, JSONValue)] = [
        ("fast=5", "fast", 5), ("z=1.5", "z", 1.5), ("on=true", "on", true), ("name=abc", "name", "abc"),
        ("a=b=c", "a", "b=c"), ("empty=", "empty", ""), ("neg=-3", "neg", -3), ("list=[1,\"x\"]", "list", [1, "x"]),
        ("quoted=\"5\"", "quoted", "5"), ("zeros=007", "zeros", "007"),
    ]

    @Test(arguments: Self.keysAndValues)
    func parameters(text: String, key: String, value: JSONValue) throws {
        let parameter = try #require(Parameter(text))
        #expect(parameter.key == key)
        #expect(parameter.value == value)
    }

    @Test(arguments: ["x", "=5", ""])
    func noParameters(text: String) {
        #expect(Parameter(text) == nil)
    }

    @Test func lists() {
        #expect(ListText.parts("A, B/C ,,D") == ["A", "B/C", "D"])
        #expect(ListText.parts("") == [])
    }

    @Test(arguments: [
        ("90", 90_000), ("1.5s", 1500), ("250ms", 250), ("10m", 600_000), ("2h", 7_200_000), ("1d", 86_400_000),
    ])
    func spans(text: String, milliseconds: Int64) {
        #expect(TimeSpan(argument: text)?.nanoseconds == milliseconds * 1_000_000)
    }

    @Test(arguments: ["", "s", "-1", "1 s", "1e3", "1w", "99999999999999999999d", "nan"])
    func noSpans(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }

    @Test func moments() {
        let now: Int64 = 1_640_991_660_000_000_000
        #expect(Moment("15m", now: now)?.nanoseconds == now - 900_000_000_000)
        #expect(Moment("2021-12-31T23:01:00Z", now: 0)?.nanoseconds == now)
        #expect(Moment("1640991660", now: 0)?.nanoseconds == now)
        #expect(Moment("15", now: now) == nil)
        #expect(Moment("yesterday", now: now) == nil)
    }

    @Test func aConfigurationFileIsReadWhole() throws {
        let text = #"{"name":"n","symbols":["A","B"],"data_types":["tick"],"params":{"fast":5}}"#
        let configuration = try StartConfiguration(parsing: text, path: "c.json")
        #expect(configuration.name == "n")
        #expect(
            configuration.payload(path: "/x.swift", waits: false) == [
                "path": "/x.swift", "name": "n", "symbols": ["A", "B"], "data_types": ["tick"], "params": ["fast": 5],
                "wait": false,
            ]
        )
    }

    @Test func aProgramsSurroundingsAreReadToo() throws {
        let text = #"{"kind":"process","arguments":["--paper","a b"],"environment":{"A":"b=c"}}"#
        let configuration = try StartConfiguration(parsing: text, path: "c.json")
        let payload = configuration.payload(path: "/x", waits: true)
        #expect(payload["kind"] == "process")
        #expect(payload["arguments"] == ["--paper", "a b"])
        #expect(payload["environment"] == ["A": "b=c"])
        #expect(throws: CommandFailure.self) { try StartConfiguration(parsing: #"{"environment":{"A":1}}"#, path: "c") }
    }

    @Test func variablesAreCutAtTheFirstEqualsSign() {
        #expect(Variable("A=b=c").map { [$0.name, $0.value] } == ["A", "b=c"])
        #expect(Variable("A=")?.value == "")
        #expect(Variable("A") == nil)
        #expect(Variable("=b") == nil)
    }

    @Test(arguments: [
        (#"{"symbls":[]}"#, "unknown key 'symbls'"), (#"{"symbols":"A"}"#, "'symbols' must be an array of strings"),
        ("[]", "a JSON object is needed"), ("{", "c.json: "),
    ])
    func aBadConfigurationFileIsNamed(text: String, message: String) {
        let failure = #expect(throws: CommandFailure.self) { try StartConfiguration(parsing: text, path: "c.json") }
        #expect(failure?.status == 65)
        #expect(failure?.message?.contains(message) == true)
    }

    @Test func topicsThatCannotExistAreRefused() throws {
        var configuration = StartConfiguration()
        configuration.symbols = ["BTC/USDT"]
        configuration.dataTypes = ["kline_1m"]
        try configuration.check()
        configuration.dataTypes = ["kline-1m"]
        #expect(throws: ProtocolError.self) { try configuration.check() }
        configuration.dataTypes = []
        configuration.symbols = ["BTC USDT"]
        #expect(throws: ProtocolError.self) { try configuration.check() }
    }
}
