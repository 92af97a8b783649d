import Glibc
import Testing
import WireProtocol

@testable import quantcell

@Suite struct PublishTests {
    private func message(_ text: String, _ topic: Topic?) throws -> PublishMessage {
        try Array(text.utf8).withUnsafeBytes { try PublishMessage(parsing: $0, topic: topic, timestamp: 5) }
    }

    @Test func aDataObjectIsWrapped() throws {
        let topic = try Topic(symbol: "BTC/USDT", dataType: "tick")
        let message = try message(#"{"price":1.5}"#, topic)
        #expect(String(decoding: message.topic, as: UTF8.self) == "market.BTC/USDT.tick")
        let event = try message.body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .tick) }
        #expect(event == MarketEvent(eventTime: 5_000_000_000, payload: .tick(TickData(price: 1.5))))
    }

    @Test func anEnvelopeGoesAsItIsUnderItsOwnTopic() throws {
        let text = #"{"msg_type":"market_data","payload":{"symbol":"A","data_type":"news","data":{"text":"x"}}}"#
        let message = try message(text, Topic(symbol: "B", dataType: "tick"))
        #expect(String(decoding: message.topic, as: UTF8.self) == "market.A.news")
        #expect(message.body == Array(text.utf8))
    }

    @Test(arguments: [
        "{", "[]", #"{"price":"x"}"#, #"{"prize":1}"#, #"{"msg_type":"heartbeat"}"#,
        #"{"msg_type":"market_data","payload":{"symbol":"A B","data_type":"tick","data":{"price":1}}}"#,
        #"{"msg_type":"ack","payload":{"symbol":"A","data_type":"tick","data":{"price":1}}}"#,
    ])
    func whatTheBrokerWouldRefuse(text: String) throws {
        let topic = try Topic(symbol: "A", dataType: "tick")
        #expect(throws: ProtocolError.self) { try message(text, topic) }
    }

    @Test func bareDataNeedsATopic() {
        #expect(throws: ProtocolError.self) { try message(#"{"price":1}"#, nil) }
    }

    @Test func linesOfAnyLength() throws {
        let long = String(repeating: "x", count: LineReader.maxBytes)
        let tooLong = String(repeating: "y", count: 3 * LineReader.maxBytes)
        let file = try TemporaryFile("a\n\n\(long)\n\(tooLong)\r\nlast")
        var reader = LineReader(descriptor: file.descriptor)
        var lines: [String] = []
        while let line = try reader.next() {
            switch line {
            case .text(let text): lines.append(String(decoding: text, as: UTF8.self))
            case .tooLong: lines.append("too long at \(reader.number)")
            }
        }
        #expect(lines == ["a", "", long, "too long at 4", "last"])
    }

    @Test func whoWaitsForALineIsAskedWhetherToGoOn() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var reader = LineReader(descriptor: ends[0])
        var turns = 0
        let line = try reader.next { () throws(CommandFailure) in
            turns += 1
            if turns == 2 { _ = write(ends[1], "late\n", 5) }
            return true
        }
        guard case .text(let text)? = line else { throw ProtocolError("no line") }
        #expect(String(decoding: text, as: UTF8.self) == "late")
        #expect(turns == 2)
        let end = try reader.next { () throws(CommandFailure) in false }
        if case .some = end { Issue.record("a line of nothing") }
    }

    @Test func nothingHasNoLines() throws {
        let file = try TemporaryFile("")
        var reader = LineReader(descriptor: file.descriptor)
        let line = try reader.next()
        if case .some = line { Issue.record("a line of nothing") }
    }
}
