import Testing
import WireProtocol

@testable import WorkerRuntime

/// What is asked of the record, and what is made of the answers.
struct RecoveryTests {
    private static let topic = "market.A.kline"

    /// A table whose topics A, B, … stand at these sequences.
    private func table(at positions: UInt64...) throws -> TopicTable {
        var table = TopicTable()
        for (index, position) in positions.enumerated() {
            _ = table.subscribe(try Topic(symbol: ["A", "B", "C"][index], dataType: "kline"), .bar)
            table.advance(index, to: position)
        }
        return table
    }

    private func loss(_ from: UInt64, _ to: UInt64, _ reason: String = "pruned", topic: String = topic) -> ReplayLoss {
        ReplayLoss(ReplayRange(topic: topic, from: from, to: to), reason: reason)
    }

    private func text(_ lost: [Recovery.Loss]) -> [String] {
        lost.map { "\($0.index):\($0.from)-\($0.to) \($0.reason)" }
    }

    @Test func asksForWhatIsMissingOfEachTopic() throws {
        let table = try table(at: 3, 10, 7)
        let recovery = Recovery(.catchUp, upTo: [0: 5, 1: 10, 2: 8])
        let expected = [
            ReplayRange(topic: "market.A.kline", from: 4, to: 5), ReplayRange(topic: "market.C.kline", from: 8, to: 8),
        ]
        #expect(recovery.open(in: table) == expected)
        #expect(Recovery(.catchUp, upTo: [1: 10, 2: 3]).open(in: table).isEmpty)
    }

    @Test func messagesAreTakenOnceAndInOrder() throws {
        var table = try table(at: 3)
        var recovery = Recovery(.gap, upTo: [0: 6])
        recovery.begin(ReplayAnswer(count: 3), in: table)
        let taken = [3, 4, 4, 5, 7, 6, 6, 1].map { recovery.arrive($0, at: 0, in: &table) }
        #expect(taken.map(\.isNext) == [false, true, false, true, false, true, false, false])
        #expect(taken.allSatisfy { $0.lost.isEmpty })
        #expect(recovery.end(in: &table).isEmpty)
        #expect(recovery.open(in: table).isEmpty)
    }

    @Test func aTopicThatWasNotAskedForIsLeftOut() throws {
        var table = try table(at: 3, 3)
        var recovery = Recovery(.gap, upTo: [0: 6])
        recovery.begin(ReplayAnswer(count: 1), in: table)
        let arrival = recovery.arrive(4, at: 1, in: &table)
        #expect(!arrival.isNext && arrival.lost.isEmpty)
        #expect(table.positions["market.B.kline"] == 3)
    }

    @Test func whatIsNamedAsLostComesBeforeTheMessageBehindIt() throws {
        var table = try table(at: 3)
        var recovery = Recovery(.gap, upTo: [0: 12])
        recovery.begin(
            ReplayAnswer(count: 1, lost: [loss(10, 40), loss(1, 5), loss(7, 7, "record off")]),
            in: table
        )
        let arrival = recovery.arrive(8, at: 0, in: &table)
        #expect(text(arrival.lost) == ["0:4-5 pruned", "0:6-6 missing in the record", "0:7-7 record off"])
        #expect(arrival.isNext)
        #expect(text(recovery.end(in: &table)) == ["0:9-9 missing in the record", "0:10-12 pruned"])
        #expect(table.positions["market.A.kline"] == 12)
    }

    @Test func whereTheAnswerGoesOnOnlyWhatIsNamedRightHereIsLost() throws {
        var table = try table(at: 3)
        var recovery = Recovery(.gap, upTo: [0: 20])
        recovery.begin(ReplayAnswer(count: 1, lost: [loss(5, 6), loss(7, 8), loss(10, 11)], more: true), in: table)
        #expect(recovery.arrive(4, at: 0, in: &table).isNext)
        #expect(text(recovery.end(in: &table)) == ["0:5-6 pruned", "0:7-8 pruned"])
        #expect(recovery.open(in: table) == [ReplayRange(topic: Self.topic, from: 9, to: 20)])
        recovery.begin(ReplayAnswer(count: 0, lost: [loss(10, 20)], more: false), in: table)
        #expect(text(recovery.end(in: &table)) == ["0:9-9 missing in the record", "0:10-20 pruned"])
    }

    @Test func anAnswerThatPromisesMoreAndBringsNothingIsNotWaitedForAgain() throws {
        var table = try table(at: 3)
        var recovery = Recovery(.gap, upTo: [0: 5])
        recovery.begin(ReplayAnswer(count: 0, more: true), in: table)
        #expect(text(recovery.end(in: &table)) == ["0:4-5 missing in the record"])
        #expect(recovery.open(in: table).isEmpty)
    }

    @Test func aTopicThatIsLeftMeanwhileIsNotAskedForAgain() throws {
        var table = try table(at: 3, 3)
        var recovery = Recovery(.catchUp, upTo: [0: 5, 1: 5])
        _ = table.unsubscribe(try Topic(symbol: "A", dataType: "kline"))
        #expect(recovery.open(in: table).map(\.topic) == ["market.B.kline"])
        #expect(text(recovery.giveUp("no answer", in: &table)) == ["1:4-5 no answer"])
    }

    /// Random holes, duplicates, short answers and lost ranges, on several topics: everything is handled once, in order, or named
    /// as lost once; and only what the record does not have is lost.
    @Test(arguments: 0..<200) func everythingIsHandledOnceOrNamedAsLost(seed: Int) throws {
        var world = try RecoveryWorld(seed: UInt64(seed))
        try world.run()
        for index in 0..<world.topicCount {
            #expect(world.story[index] == Array(1...world.published[index]), "seed \(seed)")
            #expect(world.handled[index].isDisjoint(with: world.lost[index]))
            #expect(world.lost[index].isDisjoint(with: world.recorded[index]), "seed \(seed)")
            // Live messages that came in order are handled even where the record has them not.
            #expect(world.handled[index].isSubset(of: world.recorded[index].union(world.delivered[index])))
        }
    }
}

/// Publisher, network, record and worker around the machine under test.
private struct RecoveryWorld {
    let topicCount = 3
    private(set) var published: [UInt64] = [0, 0, 0]
    private(set) var recorded: [Set<UInt64>] = [[], [], []]
    private(set) var delivered: [Set<UInt64>] = [[], [], []]
    private(set) var handled: [Set<UInt64>] = [[], [], []]
    private(set) var lost: [Set<UInt64>] = [[], [], []]
    /// What became known of each topic, in order: handled and lost.
    private(set) var story: [[UInt64]] = [[], [], []]

    private var random: SeededGenerator
    private var table = TopicTable()
    private var arrivals: [(index: Int, sequence: UInt64)] = []

    init(seed: UInt64) throws {
        random = SeededGenerator(seed)
        for symbol in ["A", "B", "C"] {
            let index = table.subscribe(try Topic(symbol: symbol, dataType: "kline"), .bar)
            table.advance(try #require(index), to: 0)
        }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func run() throws {
        let (dropRate, loseRate) = (Int.random(in: 0..<40, using: &random), Int.random(in: 0..<20, using: &random))
        var run = (drops: 0, loses: 0)
        for _ in 0..<400 {
            let index = Int.random(in: 0..<topicCount, using: &random)
            published[index] += 1
            let sequence = published[index]
            // Holes come in runs, on the way to the worker as on the way to the disk.
            if run.drops == 0, chance(dropRate) { run.drops = Int.random(in: 1...12, using: &random) }
            if run.loses == 0, chance(loseRate) { run.loses = Int.random(in: 1...6, using: &random) }
            if run.loses > 0 { run.loses -= 1 } else { recorded[index].insert(sequence) }
            arrivals.append((index, sequence))
            if run.drops > 0 { run.drops -= 1 } else { receive(index, sequence) }
            if chance(5) { receive(index, UInt64.random(in: 1...sequence, using: &random)) }
        }
        // The last of each arrives, or nobody would know that it was there.
        for index in 0..<topicCount {
            published[index] += 1
            recorded[index].insert(published[index])
            arrivals.append((index, published[index]))
            receive(index, published[index])
        }
    }

    private mutating func receive(_ index: Int, _ sequence: UInt64) {
        delivered[index].insert(sequence)
        switch table.place(sequence, at: index) {
        case .repeated: return
        case .next: break
        case .gap:
            recover(Recovery(.gap, upTo: [index: sequence - 1]))
            guard table.place(sequence, at: index) == .next else { return }
        }
        table.advance(index, to: sequence)
        handle(index, sequence)
    }

    private mutating func recover(_ recovery: Recovery) {
        var recovery = recovery
        while true {
            let open = recovery.open(in: table)
            if open.isEmpty { return }
            answer(open, to: &recovery)
        }
    }

    private mutating func answer(_ ranges: [ReplayRange], to recovery: inout Recovery) {
        var wanted: [(index: Int, sequence: UInt64)] = []
        var losses: [ReplayLoss] = []
        for range in ranges {
            guard let index = table.index(of: range.topic) else { continue }
            for sequence in range.from...range.to where !recorded[index].contains(sequence) && chance(80) {
                // Some are not even named.
                losses.append(
                    ReplayLoss(ReplayRange(topic: range.topic, from: sequence, to: sequence), reason: "not recorded")
                )
            }
            wanted += arrivals.filter { arrival in
                arrival.index == index && range.from...range.to ~= arrival.sequence
                    && recorded[index].contains(arrival.sequence)
            }
        }
        let taken = wanted.prefix(Int.random(in: 1...8, using: &random))
        let named = losses.shuffled(using: &random)
        let more = taken.count < wanted.count
        recovery.begin(ReplayAnswer(count: taken.count, lost: named, more: more), in: table)
        for (index, sequence) in taken {
            arrive(index, sequence, &recovery)
            if chance(5) { arrive(index, sequence, &recovery) }
        }
        note(recovery.end(in: &table))
    }

    private mutating func arrive(_ index: Int, _ sequence: UInt64, _ recovery: inout Recovery) {
        let (lost, isNext) = recovery.arrive(sequence, at: index, in: &table)
        note(lost)
        if isNext { handle(index, sequence) }
    }

    private mutating func handle(_ index: Int, _ sequence: UInt64) {
        story[index].append(sequence)
        handled[index].insert(sequence)
    }

    private mutating func note(_ losses: [Recovery.Loss]) {
        for loss in losses {
            story[loss.index] += Array(loss.from...loss.to)
            lost[loss.index].formUnion(loss.from...loss.to)
        }
    }
}
