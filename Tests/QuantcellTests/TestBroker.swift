import Glibc
import Logging
import MarketRecord
import Testing
import WireProtocol
import ZeroMQ

@testable import MarketData
@testable import quantcell

/// A manager's data side in a runtime folder: a broker with a record. It may be stopped and started again, as a manager is.
final class TestBroker: Sendable {
    let runtime: TemporaryRuntime
    private let context: Context

    /// What lives from a start to a stop.
    struct Life {
        let broker: DataBroker
        let record: MarketRecord
        let loop: EventLoop

        /// Stops it as a manager does that is told to.
        func stop() async {
            await broker.stop()
            record.stop()
            loop.stop()
        }
    }

    init() throws {
        runtime = try TemporaryRuntime()
        context = try Context()
    }

    var configuration: RecordConfiguration {
        RecordConfiguration(
            path: "\(runtime.path)/market.db",
            ringPath: "\(runtime.path)/ring",
            ringBytes: 1 << 20,
            linger: .zero
        )
    }

    func start() async throws -> Life {
        let loop = try EventLoop(name: "test-data")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let record = try MarketRecord(configuration, logger: logger)
        let broker = try DataBroker(
            loop: loop,
            context: context,
            configuration: BrokerConfiguration(
                feedAddresses: ["ipc://\(runtime.path)/feed.sock"],
                dataAddresses: ["ipc://\(runtime.path)/data.sock"],
                publishAddresses: ["ipc://\(runtime.path)/publish.sock"],
                ledgerPath: "\(runtime.path)/ledger"
            ),
            record: record,
            logger: logger,
            onRefused: { _ in }
        )
        try await broker.start()
        return Life(broker: broker, record: record, loop: loop)
    }

    /// All that is recorded of a topic; its record must be stopped or flushed.
    func recorded(_ topic: Topic) throws -> [RecordedMessage] {
        let range = RecordRange(topic: topic.description, from: 1, to: .max >> 1)
        let reader = try RecordReader(configuration)
        let chunk = try reader.messages([range], limit: .max, maxBytes: .max, format: .binary)
        #expect(chunk.lost.isEmpty || chunk.lost.map(\.from) == [UInt64(chunk.messages.count) + 1])
        return chunk.messages
    }
}
