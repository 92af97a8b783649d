/// Lets one report a second through.
struct FailureSampler {
    private var second: Int64 = 0

    mutating func admits(at nanoseconds: Int64) -> Bool {
        defer { second = nanoseconds / 1_000_000_000 }
        return nanoseconds / 1_000_000_000 != second
    }
}
