import Foundation
import MarketRecord
import Testing
import WireProtocol

@testable import MarketData

/// The manager dies on the way of a message.
@Suite struct IntakeCrashTests {
    private static let topic = "market.A.kline"
    private static let limits = BrokerRig.Limits(record: .all)

    /// Publishes bars that say which one they are, from a number on.
    private static func publish(_ numbers: ClosedRange<UInt64>, _ dealer: Dealer) throws {
        for number in numbers { try dealer.publish(number, topic, Bodies.bar(close: Double(number))) }
    }

    @Test(arguments: ["intake.appended", "intake.numbered", "intake.sent"], [1, 7])
    func everyMessageHasOneNumberAllTheSame(point: String, times: Int) async throws {
        let folder = try TemporaryFolder()
        await #expect(processExitsWith: .exitCode(42)) {
            [path = folder.path as String, point = point as String, times = times as Int] in
            setenv("QUANTCELL_CRASH_POINT", "\(point):\(times)", 1)
            try await BrokerRig.run(in: TemporaryFolder(ofParent: path), limits: Self.limits) { rig in
                let dealer = try Dealer(rig.context, rig.folder.publish)
                _ = try dealer.hello("p")
                try Self.publish(1...20, dealer)
                try dealer.untilSafe(20)
            }
        }
        try await BrokerRig.run(in: folder, limits: Self.limits) { rig in
            let dealer = try Dealer(rig.context, rig.folder.publish)
            // What had been taken in is there, and nothing else.
            let start = try dealer.hello("p")
            #expect(start.accepted == UInt64(times))
            #expect(start.recorded == UInt64(times))
            #expect(try await rig.topic(Self.topic).sequence == UInt64(times))
            try Self.publish(UInt64(times) + 1...20, dealer)
            try dealer.untilSafe(20)
            let reader = try RecordReader(try #require(rig.record).configuration)
            let range = RecordRange(topic: Self.topic, from: 1, to: 100)
            let messages = try reader.messages([range], limit: 100, maxBytes: 1 << 20, format: .binary).messages
            #expect(messages.map(\.sequence) == Array(1...20))
            for message in messages {
                let event = try message.body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .bar) }
                guard case .bar(let bar) = event.payload else { throw ProtocolError("no bar") }
                #expect(bar.close == Double(message.sequence))
            }
        }
    }
}
