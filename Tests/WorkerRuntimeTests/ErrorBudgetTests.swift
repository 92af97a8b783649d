import Testing

@testable import WorkerRuntime

struct ErrorBudgetTests {
    @Test func theErrorBeyondTheBudgetSpendsIt() {
        var budget = ErrorBudget(errors: 3, window: .seconds(60))
        let verdicts = (1...4).map { budget.spend(at: $0) }
        #expect(verdicts == [false, false, false, true])
    }

    @Test func errorsLeaveTheWindowOneByOne() {
        var budget = ErrorBudget(errors: 2, window: .nanoseconds(100))
        let verdicts = [0, 90, 100, 189, 190, 300].map { budget.spend(at: $0) }
        // At 100 the one of 0 is out, at 189 those of 90 and 100 are in, at 190 only the one of 100 is.
        #expect(verdicts == [false, false, false, true, false, false])
    }

    @Test func aBudgetOfNothingForgivesNothing() {
        var budget = ErrorBudget(errors: 0, window: .seconds(60))
        let isSpent = budget.spend(at: 0)
        #expect(isSpent)
    }

    @Test func aWindowTooLongForTheClockIsCut() {
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(-Int64.max).nanoseconds == .min)
        #expect(Duration.milliseconds(1500).nanoseconds == 1_500_000_000)
    }
}
