import StrategyKit
import Testing
import WireProtocol

@testable import WorkerRuntime

struct UserParamsTests {
    struct Params: StrategyParams, Equatable {
        enum Mode: String, Codable { case calm, wild }
        struct Limits: Codable, Equatable { var low = -1.0, high = 1.0 }

        var fast = 10
        var share: Float = 0.5
        var small: UInt8 = 3
        var stop: Double?
        var name = "x"
        var isOn = false
        var mode = Mode.calm
        var limits = Limits()
        var weights = ["a": 1.0]
        var levels = [1, 2]
        var ceiling = Double.infinity
    }

    private func params(_ json: String, over base: Params = Params()) throws -> Params {
        try UserParams(JSONValue(parsing: json).objectValue ?? [:]).params(over: base)
    }

    private func refusal(_ json: String) -> String {
        do {
            return "accepted: \(try params(json))"
        } catch {
            return "\(error)"
        }
    }

    @Test func nothingGivenMeansTheDefaults() throws {
        #expect(try params("{}") == Params())
    }

    @Test func whatIsGivenIsLaidOverTheDefaults() throws {
        let result = try params(
            #"{"fast": 5, "stop": 2, "mode": "wild", "limits": {"low": -3}, "weights": {"b": 2}, "levels": [9], "isOn": true}"#
        )
        var expected = Params()
        expected.fast = 5
        expected.stop = 2
        expected.mode = .wild
        expected.limits.low = -3
        expected.weights = ["a": 1, "b": 2]
        expected.levels = [9]
        expected.isOn = true
        #expect(result == expected)
    }

    @Test func theBaseMayBeTheCurrentParameters() throws {
        var base = Params()
        base.fast = 77
        #expect(try params(#"{"name": "y"}"#, over: base).fast == 77)
    }

    @Test func anUnknownNameIsRefusedWithTheNearest() {
        #expect(
            refusal(#"{"fsat": 5}"#)
                == "the strategy has no parameter 'fsat'; did you mean 'fast'? (it has ceiling, fast, isOn, levels, limits, mode,"
                + " name, share, small, stop, weights)"
        )
        #expect(refusal(#"{"limits": {"hihg": 5}}"#).contains("'limits.hihg'; did you mean 'high'?"))
        #expect(refusal(#"{"zzzzzzz": 5}"#).contains("'zzzzzzz'. (it has"))
    }

    @Test func anOptionalWithoutValueIsAKnownName() throws {
        #expect(try params(#"{"stop": null}"#).stop == nil)
        #expect(try params(#"{"stop": 1.5}"#).stop == 1.5)
    }

    @Test(arguments: [
        (#"{"fast": "5"}"#, #"parameter 'fast' must be a whole number, not "5""#),
        (#"{"fast": 1.5}"#, "parameter 'fast' must be a whole number, not 1.5"),
        (#"{"fast": null}"#, "parameter 'fast' must be a whole number, not null"),
        (#"{"small": 256}"#, "parameter 'small' must be a whole number 0...255, not 256"),
        (#"{"stop": true}"#, "parameter 'stop' must be a number, not true"),
        (#"{"name": 5}"#, "parameter 'name' must be text, not 5"),
        (#"{"isOn": "yes"}"#, #"parameter 'isOn' must be true or false, not "yes""#),
        (#"{"limits": 5}"#, "parameter 'limits' must be an object, not 5"),
        (#"{"limits": {"low": []}}"#, "parameter 'limits.low' must be a number, not []"),
        (#"{"levels": [1, "x"]}"#, #"parameter 'levels.1' must be a whole number, not "x""#),
    ])
    func aWrongTypeIsRefusedWithWhatWasExpected(_ json: String, _ message: String) {
        #expect(refusal(json) == message)
    }

    @Test func aTypesOwnRefusalNamesTheParameter() {
        #expect(refusal(#"{"mode": "loud"}"#).hasPrefix("parameter 'mode' "))
    }

    @Test func aStrategyWithoutParametersSaysSo() {
        #expect(throws: StrategyError("the strategy has no parameter 'x'. (it has none)")) {
            try UserParams(["x": 1]).params(over: NoParams())
        }
    }
}
