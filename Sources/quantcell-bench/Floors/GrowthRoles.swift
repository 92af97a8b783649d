import MarketRecord

/// A record in which the last hour is the same whatever its size.
enum GrownRecord {
    /// Between two bars.
    static let interval: Int64 = 36_000_000_000
    /// Bars of an hour, and of an append.
    static let hour = 100

    /// Fills a record up to now.
    static func fill(_ path: String, _ count: Int) throws -> RecordAppender {
        let appender = try RecordAppender(path: path)
        appender.step = (next: Clock.realtime - Int64(count) * interval, by: interval)
        appender.append(UInt64(count))
        try appender.flush()
        return appender
    }
}

/// Fills a record: `PATH COUNT`.
enum FillRole {
    static func run(_ arguments: RoleArguments) throws {
        try GrownRecord.fill(arguments.text(0), arguments.number(1)).stop()
    }
}

/// Appends to a record that has been filled, and reads its last hour: `PATH COUNT`. Prints the CPU time of each for a bar, in
/// microseconds.
enum GrownRole {
    private static let repetitions = 200
    /// Of a small record one is made for each.
    private static let copies = 50

    static func run(_ arguments: RoleArguments) throws {
        let (path, count) = try (arguments.text(0), arguments.number(1))
        // The last hour first: appending makes another one of it.
        let replay = try measureReplay(path)
        print(try measureAppend(path, count), replay)
    }

    private static func measureReplay(_ path: String) throws -> Double {
        let reader = try RecordReader(RecordAppender.configuration(path))
        let since = try lastTime(reader) - Int64(GrownRecord.hour - 1) * GrownRecord.interval
        var costs: [Double] = []
        for _ in 0..<repetitions {
            let before = try Clock.ownCPUTime
            guard let range = try reader.range(RecordAppender.topic, since: since, until: nil) else {
                throw BenchError("nothing was recorded in the last hour")
            }
            let chunk = try reader.messages(
                [RecordRange(topic: RecordAppender.topic, from: range.from, to: range.to)],
                limit: GrownRecord.hour * 2,
                maxBytes: 1 << 20,
                format: .binary
            )
            costs.append(Double(try Clock.ownCPUTime - before) / 1000 / Double(GrownRecord.hour))
            guard chunk.messages.count == GrownRecord.hour else {
                throw BenchError("\(chunk.messages.count) bars in the last hour, not \(GrownRecord.hour)")
            }
        }
        return Figure.median(costs)
    }

    private static func lastTime(_ reader: RecordReader) throws -> Int64 {
        guard let topic = try reader.topic(RecordAppender.topic) else { throw BenchError("the record is empty") }
        return topic.lastEventTime
    }

    /// To a small record only once: with a hundred bars more it would be another one.
    private static func measureAppend(_ path: String, _ count: Int) throws -> Double {
        var costs: [Double] = []
        if count >= repetitions * GrownRecord.hour * 10 {
            let appender = try RecordAppender(path: path)
            let last = try lastTime(RecordReader(RecordAppender.configuration(path)))
            appender.step = (next: last + GrownRecord.interval, by: GrownRecord.interval)
            try append(appender)
            for _ in 0..<repetitions { costs.append(try append(appender)) }
            appender.stop()
        } else {
            for number in 0..<copies {
                let copy = "\(path).\(number)"
                let appender = try GrownRecord.fill(copy, count)
                costs.append(try append(appender))
                appender.stop()
                for suffix in ["", "-wal", "-shm", ".ring"] { Files.remove("\(copy)\(suffix)") }
            }
        }
        return Figure.median(costs)
    }

    @discardableResult
    private static func append(_ appender: RecordAppender) throws -> Double {
        let before = try Clock.ownCPUTime
        appender.append(UInt64(GrownRecord.hour))
        try appender.flush()
        return Double(try Clock.ownCPUTime - before) / 1000 / Double(GrownRecord.hour)
    }
}
