/// Lets through so many happenings in a window of time, and counts the others. Time is handed in.
struct RateLimit {
    let limit: Int
    let window: Int64

    private var windowStart: Int64?
    private var admitted = 0
    private var suppressed = 0

    init(_ limit: Int, per window: Duration) {
        self.limit = limit
        self.window = window.nanoseconds
    }

    /// How many were turned away since the last one that was let through; `nil` turns this one away too.
    mutating func admit(at now: Int64) -> Int? {
        if windowStart.map({ now - $0 >= window }) ?? true {
            windowStart = now
            admitted = 0
        }
        guard admitted < limit else {
            suppressed += 1
            return nil
        }
        admitted += 1
        defer { suppressed = 0 }
        return suppressed
    }
}
