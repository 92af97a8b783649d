import Testing

@testable import MarketData

@Suite struct PublisherTableTests {
    private func peer(_ name: String) throws -> PeerKey {
        try #require(Array(name.utf8).withUnsafeBytes(PeerKey.init))
    }

    private func take(
        _ numbers: ClosedRange<UInt64>,
        _ peer: PeerKey,
        _ table: inout PublisherTable,
        isAppended: Bool = true
    ) {
        for number in numbers {
            let verdict = table.receive(number, from: peer, at: 0)
            #expect(verdict == .take(publisher: 0))
            table.accepted(0, number, isAppended: isAppended)
        }
    }

    @Test func numbersAreTakenInTheirOrderOnce() throws {
        let a = try peer("a")
        var table = PublisherTable()
        let welcome = table.hello(a, id: "p", from: nil, at: 0)
        #expect(welcome == PublisherTable.Welcome(accepted: 0, recorded: 0))
        take(1...3, a, &table)
        for number in 0...3 as ClosedRange<UInt64> { #expect(table.receive(number, from: a, at: 0) == .duplicate) }
        #expect(table.receive(6, from: a, at: 5) == .missing(from: 4))
        #expect(table.receive(7, from: a, at: 6) == .missing(from: nil))
        #expect(table.receive(8, from: a, at: 5 + PublisherTable.answerInterval) == .missing(from: 4))
        take(4...4, a, &table)
        #expect(table.receive(9, from: a, at: 7) == .missing(from: 5))
    }

    @Test func onlyWhatIsOnDiskIsSafe() throws {
        let a = try peer("a")
        var table = PublisherTable()
        _ = table.hello(a, id: "p", from: nil, at: 0)
        take(1...10, a, &table)
        #expect(table.takeNotices().isEmpty)
        table.recorded(["p": 4, "somebody": 9])
        #expect(table.takeNotices() == [PublisherTable.Notice(peer: a, through: 4, isRecorded: true)])
        #expect(table.takeNotices().isEmpty)
        // An older commit's news changes nothing.
        table.recorded(["p": 3])
        #expect(table.takeNotices().isEmpty)
        table.recorded(["p": 10])
        #expect(table.takeNotices() == [PublisherTable.Notice(peer: a, through: 10, isRecorded: true)])
    }

    @Test func whatIsNotRecordedWaitsForWhatCameBefore() throws {
        let a = try peer("a")
        var table = PublisherTable()
        _ = table.hello(a, id: "p", from: nil, at: 0)
        take(1...2, a, &table)
        take(3...4, a, &table, isAppended: false)
        #expect(table.receive(5, from: a, at: 0) == .take(publisher: 0))
        table.refused(0, 5)
        #expect(table.takeNotices().isEmpty)
        table.recorded(["p": 1])
        #expect(table.takeNotices() == [PublisherTable.Notice(peer: a, through: 1, isRecorded: true)])
        table.recorded(["p": 2])
        #expect(table.takeNotices() == [PublisherTable.Notice(peer: a, through: 5, isRecorded: false)])
        #expect(table.receive(6, from: a, at: 0) == .take(publisher: 0))
        table.refused(0, 6)
        #expect(table.takeNotices() == [PublisherTable.Notice(peer: a, through: 6, isRecorded: true)])
    }

    @Test func theLastHelloWins() throws {
        let (a, b) = (try peer("a"), try peer("b"))
        var table = PublisherTable()
        _ = table.hello(a, id: "p", from: nil, at: 0)
        take(1...2, a, &table)
        #expect(table.hello(b, id: "p", from: nil, at: 0) == PublisherTable.Welcome(accepted: 2, recorded: 0))
        #expect(table.receive(3, from: a, at: 1) == .superseded(tells: true))
        #expect(table.receive(3, from: a, at: 2) == .superseded(tells: false))
        take(3...3, b, &table)
        table.recorded(["p": 3])
        #expect(table.takeNotices() == [PublisherTable.Notice(peer: b, through: 3, isRecorded: true)])
        #expect(table.receive(4, from: try peer("c"), at: 1) == .stranger(asks: true))
        #expect(table.receive(4, from: try peer("c"), at: 2) == .stranger(asks: false))
    }

    @Test func aConnectionMaySpeakForAnother() throws {
        let a = try peer("a")
        var table = PublisherTable()
        _ = table.hello(a, id: "p", from: nil, at: 0)
        take(1...2, a, &table)
        #expect(table.hello(a, id: "q", from: nil, at: 0) == PublisherTable.Welcome(accepted: 0, recorded: 0))
        #expect(table.receive(1, from: a, at: 0) == .take(publisher: 1))
        table.recorded(["p": 2])
        #expect(table.takeNotices().isEmpty)
    }

    @Test func aManagerThatComesBackGoesOn() throws {
        let a = try peer("a")
        var table = PublisherTable(known: ["p": 7])
        #expect(table.hello(a, id: "p", from: 3, at: 0) == PublisherTable.Welcome(accepted: 7, recorded: 7))
        #expect(table.receive(8, from: a, at: 0) == .take(publisher: 0))
        // One that has forgotten what it had promised does not ask for it.
        #expect(table.hello(a, id: "new", from: 100, at: 0) == PublisherTable.Welcome(accepted: 99, recorded: 99))
        #expect(table.receive(100, from: a, at: 0) == .take(publisher: 1))
    }

    @Test func bounds() throws {
        var table = PublisherTable(maxPublishers: 2, maxConnections: 2)
        for (index, name) in ["a", "b", "c"].enumerated() {
            _ = table.hello(try peer(name), id: name, from: 5, at: Int64(index))
        }
        // The connection that was silent for longest has to introduce itself again; so has the publisher, who says where it is.
        #expect(table.receive(5, from: try peer("a"), at: 10) == .stranger(asks: true))
        #expect(table.hello(try peer("a"), id: "a", from: 5, at: 11).accepted == 4)
        let long = [UInt8](repeating: 1, count: PeerKey.maxBytes + 1)
        #expect(long.withUnsafeBytes(PeerKey.init) == nil)
        let longest = [UInt8](repeating: 1, count: PeerKey.maxBytes)
        #expect(longest.withUnsafeBytes(PeerKey.init)?.bytes == longest)
    }

    @Test(arguments: [
        ("a", true), ("A-z_0.9", true), (String(repeating: "x", count: 64), true), ("", false), ("a b", false),
        ("é", false),
        ("a/b", false), (String(repeating: "x", count: 65), false),
    ])
    func ids(text: String, isID: Bool) {
        #expect(PublisherTable.isID(text) == isID)
    }
}
