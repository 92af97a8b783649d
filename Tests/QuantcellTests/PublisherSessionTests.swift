import Testing
import WireProtocol

@testable import MarketData
@testable import quantcell

@Suite struct PublisherSessionTests {
    private func entry(_ number: Int) -> PublisherWindow.Entry {
        PublisherWindow.Entry(topic: [], body: [], line: number)
    }

    private func hello(_ session: PublisherSession, at now: Int64) throws -> Message {
        guard case .greet(let message) = session.step(at: now) else {
            throw ProtocolError("\(session.step(at: now)) instead of hello")
        }
        return message
    }

    private func greet(_ session: inout PublisherSession, accepted: Int64, recorded: Int64, at now: Int64 = 0) throws
        -> PublisherSession.Notice?
    {
        let message = try hello(session, at: now)
        session.sent(.greet(message), at: now)
        let payload: JSONValue = ["accepted": .integer(accepted), "recorded": .integer(recorded)]
        return session.receive(Message(.welcome, payload: payload, replyTo: message.messageID), at: now)
    }

    @Test func itBeginsWhereTheManagerSays() throws {
        var session = PublisherSession(publisher: "p", now: 0)
        let message = try hello(session, at: 0)
        #expect(message.type == .hello)
        #expect(message.payload == ["publisher": "p"])
        #expect(try greet(&session, accepted: 3, recorded: 2) == .welcomed(accepted: 3, recorded: 2))
        for number in 3...5 { session.append(entry(number), at: 0) }
        #expect(session.step(at: 0) == .send(number: 4, entry(4)))
        session.sent(session.step(at: 0), at: 0)
        #expect(session.step(at: 0) == .send(number: 5, entry(5)))
        session.sent(session.step(at: 0), at: 0)
        #expect(session.step(at: 0) == .wait)
        #expect(session.receive(Message(.recorded, payload: ["through": 5]), at: 1) == nil)
        #expect(!session.isWaiting)
        #expect(!session.hasUnrecorded)
    }

    @Test func anAnswerThatIsLateIsNoAnswer() throws {
        var session = PublisherSession(publisher: "p", now: 0)
        let first = try hello(session, at: 0)
        session.sent(.greet(first), at: 0)
        #expect(session.step(at: PublisherSession.patience - 1) == .wait)
        let second = try hello(session, at: PublisherSession.patience)
        session.sent(.greet(second), at: PublisherSession.patience)
        let payload: JSONValue = ["accepted": 0, "recorded": 0]
        #expect(session.receive(Message(.welcome, payload: payload, replyTo: first.messageID), at: 0) == nil)
        #expect(!session.hasBegun)
        #expect(session.receive(Message(.welcome, payload: payload, replyTo: second.messageID), at: 0) != nil)
    }

    @Test func silenceIsNotTrusted() throws {
        var session = PublisherSession(publisher: "p", now: 0)
        _ = try greet(&session, accepted: 0, recorded: 0)
        let late = 100 * PublisherSession.patience
        #expect(session.step(at: late) == .wait)
        session.append(entry(1), at: late)
        session.sent(session.step(at: late), at: late)
        #expect(session.step(at: late + PublisherSession.patience - 1) == .wait)
        let message = try hello(session, at: late + PublisherSession.patience)
        #expect(message.payload == ["publisher": "p", "from": 1])
    }

    @Test func whoHasSleptDoesNotBlameTheManager() throws {
        var session = PublisherSession(publisher: "p", now: 0)
        _ = try greet(&session, accepted: 0, recorded: 0)
        session.append(entry(1), at: 0)
        session.sent(session.step(at: 0), at: 0)
        let night = 1000 * PublisherSession.patience
        session.overslept(night)
        #expect(session.stalledSince == night)
        #expect(session.step(at: night + 1) == .wait)
    }

    @Test func aManagerThatDoesNotKnowItIsGreetedAgain() throws {
        var session = PublisherSession(publisher: "p", now: 0)
        _ = try greet(&session, accepted: 0, recorded: 0)
        for number in 1...3 {
            session.append(entry(number), at: 0)
            session.sent(session.step(at: 0), at: 0)
        }
        _ = session.receive(Message(.recorded, payload: ["through": 1, "recorded": false]), at: 0)
        #expect(session.hasUnrecorded)
        #expect(session.receive(Message(.hello), at: 0) == nil)
        #expect(try hello(session, at: 0).payload["from"] == 2)
        #expect(try greet(&session, accepted: 2, recorded: 1) == .welcomed(accepted: 2, recorded: 1))
        #expect(session.step(at: 0) == .send(number: 3, entry(3)))
        #expect(session.receive(Message(.resend, payload: ["from": 2]), at: 0) == nil)
        #expect(session.step(at: 0) == .send(number: 2, entry(2)))
    }

    @Test func whatTheManagerRefuses() throws {
        var session = PublisherSession(publisher: "p", now: 0)
        _ = try greet(&session, accepted: 0, recorded: 0)
        session.append(entry(77), at: 0)
        session.sent(session.step(at: 0), at: 0)
        let refusal = Message(.error, payload: ["number": 1, "message": "no"])
        #expect(session.receive(refusal, at: 0) == .refused(line: 77, "no"))
        #expect(session.refused == 1)
        #expect(session.receive(Message(.error, payload: ["message": "go"]), at: 0) == .rejected("go"))
    }

    @Test func twoUnderOneID() throws {
        var session = PublisherSession(publisher: "p", now: 0)
        _ = try greet(&session, accepted: 0, recorded: 0)
        session.append(entry(1), at: 0)
        session.disconnected()
        guard case .rejected = try greet(&session, accepted: 5, recorded: 5) else { throw ProtocolError("taken") }
        var other = PublisherSession(publisher: "p", now: 0)
        _ = try greet(&other, accepted: 4, recorded: 4)
        guard case .rejected? = other.receive(Message(.resend, payload: ["from": 3]), at: 0) else {
            throw ProtocolError("taken")
        }
    }

    /// Both halves of the protocol against each other, over a connection that breaks and a manager that dies and forgets what it had
    /// not recorded: in the end every message has been taken exactly once, in order.
    @Test(arguments: 0..<200 as Range<UInt64>) func whateverHappensEveryMessageCountsOnce(seed: UInt64) throws {
        var world = LossyWorld(seed: seed)
        try world.run()
        #expect(world.disk == Array(1...UInt64(LossyWorld.messages)))
        #expect(world.session.window.isEmpty)
    }
}

/// A publisher, a manager, and what can happen to them.
private struct LossyWorld {
    static let messages = 300

    private enum Packet {
        case envelope(Message)
        case message(UInt64)
    }

    private var random: SplitMix64
    private(set) var session: PublisherSession
    private var table = PublisherTable()
    private var now: Int64 = 0
    private var connection = 0
    /// On the way, each of the present connection.
    private var up: [Packet] = []
    private var down: [Message] = []
    /// What the manager has taken and what of it is on disk: the first survives its death in half of the cases, as the ring does.
    private var taken: [UInt64] = []
    private(set) var disk: [UInt64] = []
    private var appended = 0

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
        session = PublisherSession(publisher: "p", now: 0) {
            PublisherWindow(accepted: $0, recorded: $1, capacity: 16)
        }
    }

    mutating func run() throws {
        var steps = 0
        while !(appended == Self.messages && session.hasBegun && !session.isWaiting) {
            steps += 1
            guard steps < 200_000 else { throw ProtocolError("it does not end") }
            now += Int64.random(in: 0...100_000_000, using: &random)
            // Towards the end nothing goes wrong any more.
            switch Int.random(in: 0..<(steps < 20_000 ? 100 : 97), using: &random) {
            case 0..<30: publish()
            case 30..<60: manage()
            case 60..<85: hear()
            case 85..<97: record()
            case 97: breakConnection()
            case 98: if !up.isEmpty { up.remove(at: Int.random(in: up.indices, using: &random)) }
            default: restart()
            }
        }
    }

    private mutating func publish() {
        if session.hasBegun, session.window.hasRoom, appended < Self.messages {
            appended += 1
            session.append(PublisherWindow.Entry(topic: [], body: [], line: appended), at: now)
        }
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let step = session.step(at: now)
            switch step {
            case .wait: return
            case .greet(let message): up.append(.envelope(message))
            case .send(let number, let entry):
                #expect(entry.line == Int(number))
                up.append(.message(number))
            }
            session.sent(step, at: now)
        }
    }

    private mutating func manage() {
        guard !up.isEmpty, let peer = Array("\(connection)".utf8).withUnsafeBytes(PeerKey.init) else { return }
        switch up.removeFirst() {
        case .envelope(let message):
            let from = message.payload["from"]?.integerValue.flatMap(UInt64.init(exactly:))
            let welcome = table.hello(peer, id: "p", from: from, at: now)
            let payload: JSONValue = ["accepted": JSONValue(welcome.accepted), "recorded": JSONValue(welcome.recorded)]
            down.append(Message(.welcome, payload: payload, replyTo: message.messageID))
        case .message(let number):
            switch table.receive(number, from: peer, at: now) {
            case .take(let publisher):
                table.accepted(publisher, number, isAppended: true)
                taken.append(number)
            case .missing(let from?): down.append(Message(.resend, payload: ["from": JSONValue(from)]))
            case .stranger(asks: true): down.append(Message(.hello))
            default: break
            }
        }
        tell()
    }

    private mutating func record() {
        disk += taken
        taken = []
        if let last = disk.last { table.recorded(["p": last]) }
        tell()
    }

    private mutating func tell() {
        for notice in table.takeNotices() {
            down.append(Message(.recorded, payload: ["through": JSONValue(notice.through)]))
        }
    }

    private mutating func hear() {
        guard !down.isEmpty else { return }
        if case .rejected(let reason)? = session.receive(down.removeFirst(), at: now) { Issue.record("\(reason)") }
    }

    private mutating func breakConnection() {
        connection += 1
        up = []
        down = []
        // A publisher may notice, or go on as if nothing had happened.
        if Bool.random(using: &random) { session.disconnected() }
    }

    private mutating func restart() {
        if Bool.random(using: &random) { disk += taken }
        taken = []
        breakConnection()
        table = PublisherTable(known: disk.last.map { ["p": $0] } ?? [:])
    }
}
