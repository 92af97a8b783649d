import CLinux
import MarketData
import MarketFiles
import Testing
import WireProtocol

/// The manager's own feeds, from the file or the seed to a subscriber.
@Suite struct FeedTests {
    private let folder: TemporaryFolder
    private let topic: Topic

    init() throws {
        folder = try TemporaryFolder()
        topic = try Topic(symbol: "A", dataType: "trade")
    }

    private func csv(
        _ rows: String,
        speed: ReplaySpeed = .max,
        isLooped: Bool = false,
        from: Int64? = nil,
        to: Int64? = nil
    ) throws -> FeedConfiguration {
        let path = try folder.write(Array("timestamp,price,size\n\(rows)".utf8), to: "rows.csv")
        return .csv(
            CSVFeedConfiguration(
                path: path,
                topic: topic,
                kind: .trade,
                speed: speed,
                isLooped: isLooped,
                from: from,
                to: to
            )
        )
    }

    private func rows(_ seconds: some Sequence<Int>) -> String {
        seconds.map { "\(1_700_000_000 + $0),\($0),1\n" }.joined()
    }

    private func time(_ second: Int) -> Int64 { Int64(1_700_000_000 + second) * 1_000_000_000 }

    /// Runs a feed until `line` is logged, and returns the events that came before.
    private func run(_ feed: FeedConfiguration, until line: String) async throws -> (
        events: [MarketEvent], lines: [String]
    ) {
        try await BrokerRig.run(in: folder) { rig in
            let stream = try await rig.broker.subscribe(symbols: ["A"], dataTypes: ["trade"])
            try await rig.broker.start(feed)
            try await rig.wait { rig.lines.elements.contains { $0.hasPrefix(line) } }
            await rig.broker.stop()
            var events: [MarketEvent] = []
            for await (_, event) in stream { events.append(event) }
            return (events, rig.lines.elements)
        }
    }

    private func prices(_ events: [MarketEvent]) -> [Double] {
        events.compactMap { event in if case .trade(let trade) = event.payload { trade.price } else { nil } }
    }

    // MARK: CSV

    @Test func atFullSpeedAllRowsComeInOrder() async throws {
        let (events, lines) = try await run(
            try csv(rows(0..<1234)),
            until: "info: feed \(folder.path)/rows.csv is done"
        )
        #expect(prices(events) == (0..<1234).map(Double.init))
        #expect(events.map(\.sequence) == Array(1...1234))
        #expect(events.map(\.eventTime) == (0..<1234).map(time))
        #expect(
            lines == [
                "info: feed \(folder.path)/rows.csv publishes market.A.trade",
                "info: feed \(folder.path)/rows.csv is done: 1234 rows published, 0 bad rows skipped",
            ]
        )
    }

    @Test func subscribersOverASocketGetAllRows() async throws {
        try await BrokerRig.run(in: folder) { rig in
            let subscriber = try await rig.subscriber("market.A.trade")
            try await rig.broker.start(try csv(rows(0..<2000)))
            for number in 0..<2000 {
                let event = try subscriber.nextEvent().event
                #expect(event.sequence == UInt64(number + 1))
                #expect(prices([event]) == [Double(number)])
            }
            let counters = await rig.broker.counters()
            #expect([counters.received, counters.published] == [2000, 2000])
        }
    }

    private static let ranges: [(Int?, Int?, [Double])] = [
        (3, 6, [3, 4, 5, 6]), (nil, 2, [0, 1, 2]), (8, nil, [8, 9]), (20, nil, []), (nil, -1, []),
    ]

    @Test(arguments: ranges)
    func aRangeIncludesBothEnds(_ from: Int?, _ to: Int?, _ kept: [Double]) async throws {
        let feed = try csv(rows(0..<10), from: from.map(time), to: to.map(time))
        let (events, _) = try await run(feed, until: "info: feed \(folder.path)/rows.csv is done: \(kept.count) rows")
        #expect(prices(events) == kept)
    }

    @Test func badRowsAreReportedWithTheirLinesAndSkipped() async throws {
        let text = rows([0]) + "1700000001,x,1\n" + rows([2]) + "1700000001,1,1\n1700000003,nan,1\n" + rows([4])
        let (events, lines) = try await run(
            try csv(text),
            until: "info: feed \(folder.path)/rows.csv is done: 3 rows published, 3 bad rows skipped"
        )
        #expect(prices(events) == [0, 2, 4])
        let warnings = lines.filter { $0.hasPrefix("warning: ") }
        #expect(warnings.count == 3)
        for (warning, line) in zip(warnings, [3, 5, 6]) {
            #expect(warning.hasPrefix("warning: feed \(folder.path)/rows.csv, line \(line): "))
            #expect(warning.hasSuffix(": skipped"))
        }
    }

    @Test func manyBadRowsAreCountedRatherThanTold() async throws {
        let text = String(repeating: "x,1,1\n", count: 1000) + rows([0])
        let (_, lines) = try await run(
            try csv(text),
            until: "info: feed \(folder.path)/rows.csv is done: 1 rows published, 1000 bad rows skipped"
        )
        #expect(lines.count { $0.hasPrefix("warning: ") } == 20)
    }

    @Test func aLoopGoesOnWithLaterTimes() async throws {
        try await BrokerRig.run(in: folder) { rig in
            let subscriber = try await rig.subscriber("market.A.trade")
            try await rig.broker.start(try csv(rows(0..<5), isLooped: true, from: time(1), to: time(3)))
            let events = try (0..<3000).map { _ in try subscriber.nextEvent().event }
            await rig.broker.stop()
            #expect(prices(events) == (0..<3000).map { Double($0 % 3 + 1) })
            #expect(events.map(\.sequence) == Array(1...3000))
            #expect(zip(events, events.dropFirst()).allSatisfy { $0.eventTime < $1.eventTime })
            #expect(events[3].eventTime == time(3) + 60_000_000_000)
            #expect(events[5].eventTime - events[3].eventTime == time(3) - time(1))
        }
    }

    @Test func aLoopWithNothingToPublishEnds() async throws {
        let feed = try csv(rows(0..<5), isLooped: true, from: time(10))
        let (events, _) = try await run(feed, until: "info: feed \(folder.path)/rows.csv is done: 0 rows")
        #expect(events.isEmpty)
    }

    @Test func aLoopEndsBeforeItsTimesGoPastTheLastOneThereIs() async throws {
        // Thirty years a round: the last round that is whole ends before April 2262.
        let years = (0...30).map { "\(1_000_000_000 + $0 * 31_557_600),\($0),1\n" }.joined()
        let (events, lines) = try await run(
            try csv(years, isLooped: true),
            until: "info: feed \(folder.path)/rows.csv is done"
        )
        #expect(events.count > 8 * 31)
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.eventTime < $1.eventTime })
        let errors = lines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 1)
        #expect(errors.first?.contains("2262") == true)
    }

    @Test func aBrokerThatIsStoppedStartsNoFeed() async throws {
        try await BrokerRig.run(in: folder) { rig in
            await rig.broker.stop()
            let error = await #expect(throws: BrokerError.self) { try await rig.broker.start(try csv(rows(0..<5))) }
            #expect(error?.description == "the broker is stopped: it starts no feed")
            #expect(rig.lines.elements.isEmpty)
        }
    }

    @Test func aLoopWhoseFileGoesAwaySaysSoAndEnds() async throws {
        try await BrokerRig.run(in: folder) { rig in
            let subscriber = try await rig.subscriber("market.A.trade")
            // Ten rows, a second apart: 100 times as fast is a tenth of a second until the file is wanted again.
            try await rig.broker.start(try csv(rows(0..<10), speed: .multiple(100), isLooped: true))
            _ = try subscriber.next()
            #expect(folder.remove("rows.csv"))
            try await rig.wait { rig.lines.elements.contains { $0.hasPrefix("info: feed") && $0.contains("is done") } }
            let errors = rig.lines.elements.filter { $0.hasPrefix("error: ") }
            #expect(errors.count == 1)
            #expect(errors.first?.contains("rows.csv") == true)
        }
    }

    @Test func itsOwnPaceIsThatOfTheData() async throws {
        // Rows 0.1 s apart: at twice the speed the last one is due after 0.25 s, and no row is early.
        let text = (0...5).map { "\(1_700_000_000_000 + $0 * 100),\($0),1\n" }.joined()
        let begin = ContinuousClock.now
        let (events, _) = try await run(
            try csv(text, speed: .multiple(2)),
            until: "info: feed \(folder.path)/rows.csv is done: 6 rows"
        )
        #expect(ContinuousClock.now - begin >= .milliseconds(250))
        #expect(prices(events) == [0, 1, 2, 3, 4, 5])
        // Each waits for its own time rather than for the last one's.
        let first = try #require(events.first)
        for event in events {
            #expect(event.receiveTime - first.receiveTime >= (event.eventTime - first.eventTime) / 2 - 2_000_000)
        }
    }

    @Test func aFeedThatIsStoppedPublishesNoMore() async throws {
        try await BrokerRig.run(in: folder) { rig in
            let subscriber = try await rig.subscriber("market.A.trade")
            try await rig.broker.start(try csv(rows(0..<10), isLooped: true))
            _ = try subscriber.next()
            await rig.broker.stopFeeds()
            let published = await rig.broker.counters().published
            // The marker comes behind everything that was published.
            let late = try await rig.subscriber("market.A.trade")
            #expect(await rig.broker.counters().published == published)
            withExtendedLifetime(late) {}
        }
    }

    @Test func aFileThatIsNotThereSaysSo() async throws {
        try await BrokerRig.run(in: folder) { rig in
            let feed = FeedConfiguration.csv(
                CSVFeedConfiguration(path: "/no/such/rows.csv", topic: topic, kind: .trade, speed: .max)
            )
            let error = await #expect(throws: BrokerError.self) { try await rig.broker.start(feed) }
            #expect(error?.description.hasPrefix("feed: ") == true)
            #expect(error?.description.contains("/no/such/rows.csv") == true)
        }
    }

    // MARK: Random walk

    private func walk(
        _ kind: DataKind = .trade,
        seed: UInt64 = 7,
        interval: Duration = .zero,
        count: Int? = 50
    ) -> FeedConfiguration {
        .randomWalk(
            RandomWalkConfiguration(
                topic: topic,
                kind: kind,
                seed: seed,
                interval: interval,
                startPrice: 100,
                volatility: 0.01,
                count: count
            )
        )
    }

    private let walkIsDone = "info: random walk on market.A.trade is done: 50 messages published"

    @Test func equalSeedsMakeEqualPrices() async throws {
        let first = prices(try await run(walk(), until: walkIsDone).events)
        let second = prices(try await run(walk(), until: walkIsDone).events)
        let other = prices(try await run(walk(seed: 8), until: walkIsDone).events)
        #expect(first.count == 50)
        #expect(first == second)
        #expect(first != other)
        #expect(first.allSatisfy { $0 > 0 && $0 != 100 })
    }

    @Test func itEndsAfterItsCount() async throws {
        let (events, lines) = try await run(walk(), until: walkIsDone)
        #expect(events.map(\.sequence) == Array(1...50))
        #expect(lines == ["info: random walk publishes market.A.trade", walkIsDone])
    }

    /// Counted from the start: who is late with a message keeps to its schedule with the next, so two of them may be closer.
    @Test func theLastMessageIsAllIntervalsBehindTheStart() async throws {
        let started = qc_realtime_ns()
        let (events, _) = try await run(
            walk(interval: .milliseconds(10), count: 10),
            until: "info: random walk on market.A.trade is done: 10 messages"
        )
        let last = try #require(events.last)
        #expect(last.receiveTime - started >= 9 * 10_000_000)
    }

    @Test(arguments: DataKind.allCases)
    func eachKindIsWellFormed(_ kind: DataKind) async throws {
        let dataType = ["bar", "tick", "trade", "quote", "depth"][Int(kind.rawValue) - 1]
        let topic = try Topic(symbol: "A", dataType: dataType)
        let configuration = RandomWalkConfiguration(
            topic: topic,
            kind: kind,
            seed: 1,
            interval: .zero,
            startPrice: 100,
            volatility: 0.01,
            count: 20
        )
        try await BrokerRig.run(in: folder) { rig in
            let subscriber = try await rig.subscriber("market.")
            try await rig.broker.start(.randomWalk(configuration))
            for _ in 0..<20 {
                let payload = try subscriber.nextEvent().event.payload
                #expect(payload.kind == kind)
                switch payload {
                case .bar(let bar): #expect(bar.low <= min(bar.open, bar.close) && bar.high >= max(bar.open, bar.close))
                case .quote(let quote): #expect(quote.bid < quote.ask)
                default: break
                }
            }
            #expect(rig.refusals.elements.isEmpty)
        }
    }
}
