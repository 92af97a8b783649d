import Testing
import WireProtocol

@testable import MarketData

@Suite struct TopicTableTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func open(maxTopics: Int) throws -> TopicTable {
        try TopicTable(ledger: TopicLedger.open(path: folder.ledger, capacity: maxTopics), maxTopics: maxTopics)
    }

    private func find(_ topic: String, in table: borrowing TopicTable) -> Int? {
        var topic = topic
        return topic.withUTF8 { table.find(UnsafeRawBufferPointer($0)) }
    }

    private func index(of topic: String, in table: inout TopicTable) throws -> Int {
        try table.admit(try Array(topic.utf8).withUnsafeBytes { try table.subject(of: $0) })
    }

    private func error(of topic: [UInt8], in table: inout TopicTable) -> String? {
        do {
            _ = try table.admit(try topic.withUnsafeBytes { try table.subject(of: $0) })
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func tenThousandTopicsAreEachFoundAgain() throws {
        let names = (0..<10_000).map {
            "market.S\($0 / 5).\(["tick", "trade", "kline_1m", "depth", "funding"][$0 % 5])"
        }
        do {
            var table = try open(maxTopics: 10_000)
            for (number, name) in names.enumerated() {
                let added = try index(of: name, in: &table)
                #expect(added == number)
                for _ in 0..<(number % 3) { table.set(added, table.sequence(added) + 1, isRecorded: false) }
            }
            for (number, name) in names.enumerated() { #expect(find(name, in: table) == number) }
            #expect(find("market.S2000.tick", in: table) == nil)
            #expect(error(of: Array("market.S2000.tick".utf8), in: &table)?.contains("more than 10000 topics") == true)
        }
        let table = try open(maxTopics: 10_000)
        for (number, name) in names.enumerated() {
            #expect(find(name, in: table) == number)
            let sequence = table.sequence(number)
            #expect(sequence == UInt64(number % 3))
        }
        let kinds = table.entries.prefix(5).map(\.kind)
        #expect(kinds == [.tick, .trade, .bar, .depth, nil])
    }

    /// Where the table looks first while it has 64 slots.
    private func firstSlot(_ topic: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in topic.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return (hash ^ (hash >> 32)) % 64
    }

    @Test func topicsThatMeetInOneSlotAreKeptApart() throws {
        // At the table's end, so that the search also goes around it.
        let colliding = (0..<10_000).lazy.map { "market.X\($0).tick" }.filter { firstSlot($0) == 62 }
        let names = Array(colliding.prefix(30))
        try #require(names.count == 30)
        let absent = try #require(colliding.dropFirst(30).first)
        var table = try open(maxTopics: 100)
        for (number, name) in names.enumerated() {
            #expect(find(name, in: table) == nil)
            let added = try index(of: name, in: &table)
            #expect(added == number)
        }
        for (number, name) in names.enumerated() { #expect(find(name, in: table) == number) }
        #expect(find(absent, in: table) == nil)
    }

    @Test func aTopicOfOneLessByteIsAnother() throws {
        var table = try open(maxTopics: 10)
        _ = try index(of: "market.BTC.kline_1m", in: &table)
        #expect(find("market.BTC.kline_1", in: table) == nil)
        #expect(find("market.BTC.kline_1mm", in: table) == nil)
        #expect(find("", in: table) == nil)
    }

    @Test func aBadTopicTakesNoPlace() throws {
        var table = try open(maxTopics: 1)
        let bad: [[UInt8]] = [
            [], Array("market.".utf8), Array("market.A B.tick".utf8), Array("other.A.tick".utf8),
            Array("market.A.ti-ck".utf8), Array("market.".utf8) + [0xFF] + Array(".tick".utf8),
            Array("market.\(String(repeating: "x", count: 65)).tick".utf8),
        ]
        for topic in bad {
            #expect(error(of: topic, in: &table) == "not a topic: 'market.SYMBOL.DATA_TYPE' is needed")
        }
        let added = try index(of: "market.A.tick", in: &table)
        #expect(added == 0)
        #expect(error(of: Array("market.B.tick".utf8), in: &table)?.contains("'broker.max_topics'") == true)
    }

    @Test(arguments: [Array("market.A tick".utf8), [0xFF, 0xFE], [UInt8](repeating: 0x41, count: 110)])
    func aDamagedEntryIsNamed(_ topic: [UInt8]) throws {
        do {
            var table = try open(maxTopics: 4)
            _ = try index(of: "market.A.tick", in: &table)
            _ = try index(of: "market.B.tick", in: &table)
        }
        let length = [UInt8(topic.count), 0]
        try folder.write(length + topic, to: "ledger", at: 64 + 128 + 8)
        let error = #expect(throws: BrokerError.self) { _ = try open(maxTopics: 4) }
        #expect(error?.description.hasPrefix("the sequence ledger is damaged at entry 1: not a topic") == true)
    }

    @Test func aLimitBelowWhatIsThereKeepsWhatIsThere() throws {
        do {
            var table = try open(maxTopics: 3)
            for name in ["market.A.tick", "market.B.tick", "market.C.tick"] { _ = try index(of: name, in: &table) }
        }
        var table = try open(maxTopics: 2)
        #expect(find("market.C.tick", in: table) == 2)
        #expect(error(of: Array("market.D.tick".utf8), in: &table)?.contains("more than 2 topics") == true)
    }
}
