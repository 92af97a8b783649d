import WireProtocol

/// The strategy that measures: it counts bars, takes the time of each, and writes down what it found.
///
/// It is compiled by the manager that is measured, as any user's strategy. What it is to do it learns from bars with a time of a few
/// microseconds after 1970, which are in the stream itself and so arrive in order.
enum Probe {
    static let symbol = "BTC/USDT"
    static let dataType = "kline"

    /// A marker: the event time of a bar that is no data, in microseconds.
    enum Marker: Int64 {
        /// Write the result down.
        case end = 1
        /// Nothing: it warms up what it passes through.
        case warmUp = 2
        /// Count what follows.
        case count = 3
        /// Count what follows, and measure how old each one is.
        case measure = 4

        var nanoseconds: Int64 { rawValue * 1000 }

        /// The marker that a binary body is, if it is one.
        init?(of body: [UInt8]) {
            guard body.count >= Bare.timeOffset + 8 else { return nil }
            let time = body.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: Bare.timeOffset, as: Int64.self) }
            self.init(rawValue: time / 1000)
        }
    }

    /// Writes the strategy into a folder and returns its path.
    ///
    /// - Parameter comment: Makes the source another one, which is compiled anew.
    static func write(to folder: String, comment: String = "") throws -> String {
        let path = "\(folder)/bench_probe.swift"
        try Files.write(source + (comment.isEmpty ? "" : "// \(comment)\n"), to: path)
        return path
    }

    /// Writes a strategy in Python that does nothing, and returns its path.
    static func writePython(to folder: String) throws -> String {
        let path = "\(folder)/bench_probe.py"
        try Files.write("from quantcell import Strategy\n\n\nclass BenchProbe(Strategy):\n    pass\n", to: path)
        return path
    }

    /// Result files are `FOLDER/NAME.1`, `.2`, one for each end marker: the count, the monotonic time of the first and the last, and
    /// lines of ``Latency``.
    private static let source = """
        import Glibc
        import StrategyKit

        @main
        final class BenchProbe: Strategy {
            struct Params: StrategyParams {
                var folder = ""
                var announces = false
            }

            private var count = 0
            private var first: Int64 = 0
            private var measures = false
            private var announces = false
            private var results = 0
            // Exact to three digits, as HdrHistogram: 2,048 values of their own, then 1,024 for each doubling.
            private var buckets = [UInt32](repeating: 0, count: 2048 + 1024 * 26)

            func onStart(_ context: Context<Params>) throws {
                announces = context.params.announces
            }

            func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                guard bar.eventTime > 1_000_000 else { return mark(bar.eventTime / 1000, context) }
                if count == 0 { begin(context) }
                count += 1
                if measures { record(now(CLOCK_REALTIME) - bar.eventTime) }
            }

            private func begin(_ context: Context<Params>) {
                first = now(CLOCK_MONOTONIC)
                if announces { context.metric("first_bar", Double(first)) }
            }

            private func mark(_ marker: Int64, _ context: Context<Params>) {
                switch marker {
                case 1: write("\\(context.params.folder)/\\(context.workerID)")
                case 3, 4:
                    count = 0
                    measures = marker == 4
                    for index in buckets.indices { buckets[index] = 0 }
                default: break
                }
            }

            private func record(_ nanoseconds: Int64) {
                let value = UInt64(max(nanoseconds, 0))
                let shift = max(0, 53 - value.leadingZeroBitCount)
                let index = shift * 1024 + Int(value >> UInt64(shift))
                buckets[min(index, buckets.count - 1)] += 1
            }

            private func write(_ name: String) {
                let last = now(CLOCK_MONOTONIC)
                results += 1
                var text = "\\(count) \\(first) \\(last)\\n"
                for (index, number) in buckets.enumerated() where number > 0 {
                    let shift = max(0, index / 1024 - 1)
                    text += "\\(UInt64(index - shift * 1024) << UInt64(shift)) \\(number)\\n"
                }
                guard let file = fopen("\\(name).new", "w") else { return }
                fputs(text, file)
                fclose(file)
                rename("\\(name).new", "\\(name).\\(results)")
            }

            private func now(_ clock: clockid_t) -> Int64 {
                var time = timespec()
                clock_gettime(clock, &time)
                return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
            }
        }

        """
}

/// What one subscriber found between two markers.
struct ProbeResult {
    let count: Int
    /// Monotonic times.
    let first: Int64
    let last: Int64
    let latency: Latency

    init(reading path: String) throws {
        let lines = try Files.read(path).split(separator: "\n")
        let numbers = lines.first?.split(separator: " ").compactMap { Int64($0) } ?? []
        guard numbers.count == 3 else { throw BenchError("\(path) is not a result") }
        (count, first, last) = (Int(numbers[0]), numbers[1], numbers[2])
        var latency = Latency()
        try latency.add(lines: lines.dropFirst())
        self.latency = latency
    }
}
