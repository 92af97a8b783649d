/// How far a replay has come.
struct ReplayProgress {
    private static let barWidth = 24
    private static let redrawNanoseconds: Int64 = 100_000_000

    private let fileBytes: Int64
    private let start: Int64
    private let isShown: Bool
    private var lastDrawn = Int64.min
    private var isOnScreen = false

    /// - Parameters:
    ///   - fileBytes: Size of the file.
    ///   - now: Nanoseconds of the monotonic clock.
    ///   - isShown: Whether a person watches.
    init(fileBytes: Int64, now: Int64, isShown: Bool = Diagnostics.isTerminal) {
        self.fileBytes = fileBytes
        self.start = now
        self.isShown = isShown
    }

    /// Draws the bar again, at most ten times a second.
    mutating func update(rows: Int, bytes: Int64) {
        guard isShown else { return }
        let now = MonotonicClock.nanoseconds()
        guard lastDrawn == .min || now - lastDrawn >= Self.redrawNanoseconds else { return }
        lastDrawn = now
        isOnScreen = true
        Diagnostics.put("\r" + line(rows: rows, bytes: bytes, now: now) + "\u{1B}[K")
    }

    /// Takes the bar off the screen, so that a line can be printed.
    mutating func clear() {
        guard isOnScreen else { return }
        isOnScreen = false
        lastDrawn = .min
        Diagnostics.put("\r\u{1B}[K")
    }

    /// The bar with share, rows, rate and the time that is left at the pace so far.
    func line(rows: Int, bytes: Int64, now: Int64) -> String {
        let share = fileBytes > 0 ? min(max(Double(bytes) / Double(fileBytes), 0), 1) : 1
        let filled = Int(share * Double(Self.barWidth))
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: Self.barWidth - filled)
        let elapsed = now - start
        let rate = NumberText.grouped(NumberText.rate(rows, nanoseconds: elapsed))
        // In whole seconds, rounded up.
        let left = share > 0 ? Int64(exactly: (Double(elapsed) / 1e9 * (1 - share) / share).rounded(.up)) : nil
        let remaining = left.map { DurationText.short(nanoseconds: $0 * 1_000_000_000) } ?? "?"
        return "[\(bar)] \(Int(share * 100))%  \(NumberText.counted(rows, "row"))  \(rate)/s  ETA \(remaining)"
    }
}
