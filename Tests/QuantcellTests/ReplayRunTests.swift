import MarketFiles
import Testing
import WireProtocol
import ZeroMQ

@testable import quantcell

@Suite struct ReplayRunTests {
    private static let csv = """
        timestamp,price
        1640991600,1
        1640991660,2
        1640991660,abc
        1640991720,3
        1640991780,4

        """

    private func replay(speed: ReplaySpeed, usesJSON: Bool) throws -> (ReplaySummary, [MarketEvent]) {
        let runtime = try TemporaryRuntime()
        let feed = try runtime.bind(.pull, "feed")
        let file = try TemporaryFile(Self.csv)
        let topic = try Topic(symbol: "A", dataType: "tick")
        let plan = ReplayRun.Plan(
            path: file.path,
            topic: topic,
            speed: speed,
            range: 1_640_991_660_000_000_000..<1_640_991_780_000_000_000,
            usesJSON: usesJSON
        )
        var run = ReplayRun(plan, reader: try MarketFileReader(path: file.path, kind: .tick))
        let summary = try run.run(with: FeedPublisher(runtime.location, timeout: .seconds(10)))
        var events: [MarketEvent] = []
        try feed.set(.receiveTimeout, 10_000)
        for _ in 0..<summary.sent {
            let frames = try #require(try feed.receive(wait: true))
            #expect(frames.first == Array("market.A.tick".utf8))
            let body = try #require(frames.last)
            events.append(try body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .tick) })
        }
        return (summary, events)
    }

    @Test(arguments: [true, false], [ReplaySpeed.max, .multiple(100_000)])
    func everyGoodRowOfTheRangeArrives(usesJSON: Bool, speed: ReplaySpeed) throws {
        let (summary, events) = try replay(speed: speed, usesJSON: usesJSON)
        #expect(summary.sent == 2)
        #expect(summary.bad == 1)
        #expect(summary.early == 1)
        #expect(!summary.isInterrupted)
        #expect(
            events == [
                MarketEvent(eventTime: 1_640_991_660_000_000_000, payload: .tick(TickData(price: 2))),
                MarketEvent(eventTime: 1_640_991_720_000_000_000, payload: .tick(TickData(price: 3))),
            ]
        )
    }
}
