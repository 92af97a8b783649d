import Testing

@testable import StrategyKit

struct IntervalTextTests {
    @Test(arguments: [
        ("5s", Duration.seconds(5)), ("250ms", .milliseconds(250)), ("1.5m", .seconds(90)), ("2h", .seconds(7200)),
        ("1d", .seconds(86400)),
    ])
    func aNumberAndAUnit(_ text: String, _ duration: Duration) {
        #expect(Duration(intervalText: text) == duration)
    }

    @Test(arguments: ["", "5", "s", "5 s", "-5s", "0s", "5x", "1e3s", "nans", "99999999999999999999d", "5s "])
    func anythingElseIsNone(_ text: String) {
        #expect(Duration(intervalText: text) == nil)
    }
}
