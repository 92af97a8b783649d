import Testing
import WireProtocol

@testable import quantcell

@Suite struct TextTests {
    @Test(arguments: [
        (0, "0s"), (850_000_000, "850ms"), (3_000_000_000, "3s"), (3_250_000_000, "3.2s"), (59_990_000_000, "59.9s"),
        (60_000_000_000, "1m"), (250_000_000_000, "4m 10s"), (7_500_000_000_000, "2h 5m"),
        (90_000_000_000_000, "1d 1h"),
        (-5, "0s"),
    ])
    func durations(nanoseconds: Int64, expected: String) {
        #expect(DurationText.short(nanoseconds: nanoseconds) == expected)
    }

    @Test(arguments: [
        (0, "just now"), (999, "just now"), (1000, "1s ago"), (59_999, "59s ago"), (60_000, "1m ago"),
        (7_200_000, "2h ago"),
        (172_800_000, "2d ago"), (-5000, "in 5s"),
    ])
    func momentsAsSeenFromNow(millisecondsAgo: Int64, expected: String) {
        let now: Int64 = 1_640_991_660_000_000_000
        #expect(DurationText.relative(now - millisecondsAgo * 1_000_000, now: now) == expected)
    }

    @Test func theFarthestMomentDoesNotTrap() {
        #expect(DurationText.relative(.min, now: .max).hasSuffix("d ago"))
    }

    @Test func numbersAreGrouped() {
        #expect(
            [0, 999, 1000, 45_031, -1_234_567].map(NumberText.grouped) == ["0", "999", "1,000", "45,031", "-1,234,567"]
        )
        #expect(NumberText.counted(1, "row") == "1 row")
        #expect(NumberText.rate(45_031, nanoseconds: 500_000_000) == 90_062)
        #expect(NumberText.rate(5, nanoseconds: 0) == 0)
    }

    @Test func fieldsOfAnswers() {
        let fields = FieldText(now: 1_640_991_663_500_000_000)
        #expect(fields.plain(nil) == "-")
        #expect(fields.plain(["BTC/USDT", "ETH/USDT"]) == "BTC/USDT,ETH/USDT")
        #expect(fields.plain(["b": 1.5, "a": true]) == #"{"a":true,"b":1.5}"#)
        #expect(fields.count(45_031) == "45,031")
        #expect(fields.relative("2021-12-31T23:01:00.000000Z") == "3s ago")
        #expect(fields.absolute("2021-12-31T23:01:00.123456Z") == "2021-12-31 23:01:00.123")
        #expect(fields.relative(nil) == "-")
    }

    @Test func csvQuotesWhatNeedsIt() {
        let record: JSONValue = [
            "seq": 7, "cause": "a \"b\", c", "detail": ["x": 1], "actor": "line\nbreak", "empty": nil,
        ]
        let line = CSVText.line(record, fields: ["seq", "cause", "empty", "absent", "detail", "actor"])
        #expect(line == #"7,"a ""b"", c",,,"{""x"":1}","line"# + "\n" + #"break""#)
    }
}
