import Testing
import WireProtocol

@testable import MarketData

@Suite struct ListenersTests {
    private let btc: Topic
    private let eth: Topic

    init() throws {
        btc = try Topic(symbol: "BTC", dataType: "tick")
        eth = try Topic(symbol: "ETH", dataType: "tick")
    }

    private func tick(_ sequence: UInt64) -> MarketEvent {
        MarketEvent(sequence: sequence, eventTime: 1, payload: .tick(TickData(price: 1)))
    }

    private func sequences(_ stream: AsyncStream<(topic: Topic, event: MarketEvent)>) async -> [UInt64] {
        var sequences: [UInt64] = []
        for await (_, event) in stream { sequences.append(event.sequence) }
        return sequences
    }

    @Test func eachGetsWhatItAskedForUntilTheEnd() async {
        var listeners = Listeners()
        #expect(listeners.isEmpty)
        let one = listeners.add([btc], bufferSize: 10)
        let both = listeners.add([btc, eth], bufferSize: 10)
        #expect(!listeners.isEmpty)
        listeners.deliver(tick(1), topic: btc)
        listeners.deliver(tick(2), topic: eth)
        listeners.deliver(tick(3), topic: btc)
        listeners.finish()
        #expect(listeners.isEmpty)
        #expect(await sequences(one) == [1, 3])
        #expect(await sequences(both) == [1, 2, 3])
    }

    @Test(arguments: [(2, [4, 5]), (1, [5]), (0, [5]), (-1, [5])])
    func whoIsBehindLosesTheOldest(_ bufferSize: Int, _ kept: [UInt64]) async {
        var listeners = Listeners()
        let stream = listeners.add([btc], bufferSize: bufferSize)
        for sequence in 1...5 { listeners.deliver(tick(UInt64(sequence)), topic: btc) }
        listeners.finish()
        #expect(await sequences(stream) == kept)
    }

    @Test func whoHasGoneIsForgottenWithTheNextEvent() async {
        var listeners = Listeners()
        _ = listeners.add([btc], bufferSize: 1)
        let staying = listeners.add([btc], bufferSize: 10)
        listeners.deliver(tick(1), topic: btc)
        listeners.finish()
        #expect(await sequences(staying) == [1])

        _ = listeners.add([btc], bufferSize: 1)
        listeners.deliver(tick(1), topic: eth)
        #expect(!listeners.isEmpty)
        listeners.deliver(tick(2), topic: btc)
        #expect(listeners.isEmpty)
    }
}
