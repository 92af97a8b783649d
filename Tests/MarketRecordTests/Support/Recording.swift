import Logging
import Synchronization
import WireProtocol

@testable import MarketRecord

extension TemporaryFolder {
    /// A configuration with a small ring.
    var configuration: RecordConfiguration {
        RecordConfiguration(path: database, ringPath: ring, ringBytes: 1 << 20, linger: .zero)
    }

    /// Opens the record of this folder; it does not run yet.
    func open(_ change: (inout RecordConfiguration) -> Void = { _ in }) throws -> MarketRecord {
        var configuration = configuration
        change(&configuration)
        return try MarketRecord(configuration, logger: .silent)
    }

    func reader(_ change: (inout RecordConfiguration) -> Void = { _ in }) throws -> RecordReader {
        var configuration = configuration
        change(&configuration)
        return try RecordReader(configuration)
    }
}

extension MarketRecord {
    /// Appends a stamped body.
    func append(
        _ topic: String,
        _ body: [UInt8],
        sequence: UInt64,
        receiveTime: Int64 = 1_736_933_400_000_000_000,
        publisher: String = "",
        number: UInt64 = 0
    ) -> Bool {
        Array(topic.utf8).withUnsafeBytes { topic in
            body.withUnsafeBytes { body in
                Array(publisher.utf8).withUnsafeBytes { publisher in
                    append(
                        topic: topic,
                        body: body,
                        sequence: sequence,
                        receiveTime: receiveTime,
                        publisher: publisher,
                        number: number
                    )
                }
            }
        }
    }

    /// Appends bars with the sequences in `range`, whose close is their sequence.
    func appendBars(_ range: ClosedRange<UInt64>, topic: String = Bars.topic, publisher: String = "") -> Bool {
        range.allSatisfy { sequence in
            append(
                topic,
                Bars.body(sequence),
                sequence: sequence,
                receiveTime: Bars.receiveTime(sequence),
                publisher: publisher,
                number: publisher.isEmpty ? 0 : sequence
            )
        }
    }

    /// Returns when all that was appended before is on disk.
    func flushed() async throws {
        try await withCheckedContinuation { done in flush { done.resume(returning: $0) } }.get()
    }

    func saved(_ checkpoint: CheckpointRecord, overwriting: Bool = false) async throws {
        try await withCheckedContinuation { done in
            save(checkpoint, overwriting: overwriting) { done.resume(returning: $0) }
        }.get()
    }
}

/// Bars that say which one they are.
enum Bars {
    static let topic = "market.BTC/USDT.kline"
    static let minute: Int64 = 60_000_000_000

    static func eventTime(_ sequence: UInt64) -> Int64 { 1_736_933_400_000_000_000 + Int64(sequence) * minute }
    static func receiveTime(_ sequence: UInt64) -> Int64 { 1_800_000_000_000_000_000 + Int64(sequence) }

    static func event(_ sequence: UInt64) -> MarketEvent {
        MarketEvent(
            sequence: sequence,
            eventTime: eventTime(sequence),
            receiveTime: receiveTime(sequence),
            payload: .bar(
                BarData(
                    open: 1,
                    high: 2,
                    low: 0.1,
                    close: Double(sequence),
                    volume: 1 / 3,
                    trades: sequence,
                    interval: "1m"
                )
            )
        )
    }

    static func body(_ sequence: UInt64) -> [UInt8] {
        var body: [UInt8] = []
        BinaryCodec.encode(event(sequence), into: &body)
        return body
    }
}

extension RecordReader {
    /// All messages of some ranges.
    func read(
        _ ranges: (String, ClosedRange<UInt64>)...,
        limit: Int = .max,
        maxBytes: Int = .max,
        format: RecordFormat = .binary
    ) throws -> RecordChunk {
        try messages(
            ranges.map { RecordRange(topic: $0.0, from: $0.1.lowerBound, to: $0.1.upperBound) },
            limit: limit,
            maxBytes: maxBytes,
            format: format
        )
    }
}

extension RecordedMessage {
    /// What a worker makes of it.
    var event: MarketEvent? {
        let kind = DataKind(topicName: topic)
        return kind.flatMap { kind in body.withUnsafeBytes { try? MarketEvent(parsing: $0, kind: kind) } }
    }
}

/// Collects what callbacks say, and lets a test wait for it.
final class Log<Element: Sendable>: Sendable {
    private let state = Mutex<(elements: [Element], waiters: [(count: Int, done: CheckedContinuation<Void, Never>)])>(
        ([], [])
    )

    func add(_ element: Element) {
        let ready = state.withLock { state in
            state.elements.append(element)
            let count = state.elements.count
            defer { state.waiters.removeAll { $0.count <= count } }
            return state.waiters.filter { $0.count <= count }
        }
        for waiter in ready { waiter.done.resume() }
    }

    var elements: [Element] { state.withLock { $0.elements } }

    /// Returns once so many have come.
    func wait(for count: Int) async {
        await withCheckedContinuation { done in
            let isThere = state.withLock { state in
                if state.elements.count >= count { return true }
                state.waiters.append((count, done))
                return false
            }
            if isThere { done.resume() }
        }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
