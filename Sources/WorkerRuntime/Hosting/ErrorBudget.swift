/// How many errors a strategy may make within a sliding window before it is stopped.
struct ErrorBudget {
    /// Errors that are forgiven within the window; 0 forgives none.
    let errors: Int
    /// Length of the window in nanoseconds.
    let window: Int64

    /// When the latest errors happened, oldest first: never more than the budget has.
    private var times: [Int64] = []

    init(errors: Int = 10, window: Duration = .seconds(60)) {
        self.errors = max(errors, 0)
        self.window = window.nanoseconds
    }

    /// Counts an error and says whether it is beyond the budget.
    ///
    /// - Parameter now: a time that never goes back, in nanoseconds.
    mutating func spend(at now: Int64) -> Bool {
        times.removeAll { now - $0 >= window }
        guard times.count < errors else { return true }
        times.append(now)
        return false
    }
}

extension Duration {
    /// In nanoseconds; what does not fit is cut to 292 years.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }
}
