/// The manager's half of acknowledged publishing: which publisher a connection speaks for, which of its messages are new, and what it
/// can be told to be safe. It owns no socket and no clock.
///
/// A publisher numbers its messages from 1. A message is taken when its number follows the last one that was; a lower one is a message
/// sent again, a higher one shows that something is missing.
struct PublisherTable {
    /// What is to become of a message.
    enum Verdict: Hashable {
        /// It is the next one of this publisher.
        case take(publisher: Int)
        /// It was taken before.
        case duplicate
        /// It, or something before it, is to be sent again, from this number on; `nil` where that has been said a moment ago.
        case missing(from: UInt64?)
        /// The connection has not said for whom it speaks. Whether to say so.
        case stranger(asks: Bool)
        /// Another connection speaks for its publisher now. Whether to say so.
        case superseded(tells: Bool)
    }

    /// What a publisher is told when it says hello.
    struct Welcome: Hashable {
        let accepted: UInt64
        let recorded: UInt64
    }

    /// What a publisher is told when more is safe.
    struct Notice: Hashable {
        let peer: PeerKey
        let through: UInt64
        /// `false` when some of that is not recorded, and never will be.
        let isRecorded: Bool
    }

    /// How many publishers are remembered; beyond that the one that has been silent for longest is forgotten.
    static let maxPublishers = 20_000
    /// How many connections are known; beyond that the one that has been silent for longest has to say hello again.
    static let maxConnections = 4096
    /// How long after one answer of a kind the next one may follow, nanoseconds.
    static let answerInterval: Int64 = 100_000_000

    private struct Publisher {
        let id: String
        let idBytes: [UInt8]
        var accepted: UInt64
        /// What is safe of the numbers that were handed to the record.
        var recorded: UInt64
        /// The last number that was handed to the record.
        var appended: UInt64
        /// The last number that was taken and not recorded.
        var unrecorded: UInt64 = 0
        /// The last number that the publisher was told of.
        var told: UInt64
        var connection: Int?
        var isDue = false
        var askedAt = Int64.min
        var greetedAt: Int64

        /// Everything up to here is safe, or as safe as it gets.
        var through: UInt64 { recorded >= appended ? accepted : min(recorded, accepted) }
    }

    private struct Connection {
        let peer: PeerKey
        /// `nil` before it has said hello, and after another one has taken over.
        var publisher: Int?
        var isSuperseded = false
        var answeredAt = Int64.min
        var heardAt: Int64
    }

    private var publishers: [Publisher] = []
    private var indices: [String: Int] = [:]
    private var connections: [Connection] = []
    private var connectionIndices: [PeerKey: Int] = [:]
    /// The connection of the last message: mostly that of the next one too.
    private var lastConnection = 0
    private var due: [Int] = []
    private let maxPublishers: Int
    private let maxConnections: Int

    /// - Parameters:
    ///   - known: The publishers that the record has, with the last number of each.
    ///   - maxPublishers: A bound for tests.
    ///   - maxConnections: A bound for tests.
    init(
        known: [String: UInt64] = [:],
        maxPublishers: Int = Self.maxPublishers,
        maxConnections: Int = Self.maxConnections
    ) {
        self.maxPublishers = max(maxPublishers, known.count + 1)
        self.maxConnections = maxConnections
        for (id, number) in known { _ = add(id, number, at: .min) }
    }

    /// The id of a publisher as it goes into the record.
    func idBytes(_ publisher: Int) -> [UInt8] { publishers[publisher].idBytes }

    /// The connection that speaks for a publisher.
    func peer(of publisher: Int) -> PeerKey? { publishers[publisher].connection.map { connections[$0].peer } }

    /// Whether an id may be a publisher's: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    static func isID(_ text: String) -> Bool {
        1...64 ~= text.utf8.count
            && text.utf8.allSatisfy { byte in
                byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }

    // MARK: What publishers send

    /// A connection says for whom it speaks. From now on only this one does.
    ///
    /// - Parameters:
    ///   - peer: The connection.
    ///   - id: The publisher's id, which must be one (``isID(_:)``).
    ///   - from: The first number that the publisher has; it does not have, or need, what comes before.
    ///   - now: Nanoseconds of the monotonic clock, here and below.
    mutating func hello(_ peer: PeerKey, id: String, from: UInt64?, at now: Int64) -> Welcome {
        let connection = connect(peer, at: now)
        if let other = connections[connection].publisher { publishers[other].connection = nil }
        let index = indices[id] ?? add(id, 0, at: now)
        if let old = publishers[index].connection, old != connection {
            connections[old].publisher = nil
            connections[old].isSuperseded = true
        }
        connections[connection].publisher = index
        connections[connection].isSuperseded = false
        publishers[index].connection = connection
        publishers[index].greetedAt = now
        publishers[index].askedAt = .min
        if let from, from > publishers[index].accepted + 1 {
            // A manager that has forgotten what it had promised: its record was off, or is another one now.
            publishers[index].accepted = from - 1
        }
        let through = publishers[index].through
        publishers[index].told = through
        return Welcome(accepted: publishers[index].accepted, recorded: through)
    }

    /// A message has come.
    mutating func receive(_ number: UInt64, from peer: PeerKey, at now: Int64) -> Verdict {
        let index = connect(peer, at: now)
        guard let publisher = connections[index].publisher else {
            let isSaid =
                now &- connections[index].answeredAt >= Self.answerInterval || connections[index].answeredAt == .min
            if isSaid { connections[index].answeredAt = now }
            return connections[index].isSuperseded ? .superseded(tells: isSaid) : .stranger(asks: isSaid)
        }
        let next = publishers[publisher].accepted + 1
        if number == next { return .take(publisher: publisher) }
        if number < next { return .duplicate }
        let askedAt = publishers[publisher].askedAt
        guard askedAt == .min || now &- askedAt >= Self.answerInterval else { return .missing(from: nil) }
        publishers[publisher].askedAt = now
        return .missing(from: next)
    }

    // MARK: What becomes of it

    /// The next message of a publisher has been taken.
    ///
    /// - Parameter isAppended: Whether it goes into the record; otherwise it is as safe as it will ever be.
    mutating func accepted(_ publisher: Int, _ number: UInt64, isAppended: Bool) {
        publishers[publisher].accepted = number
        publishers[publisher].askedAt = .min
        if isAppended {
            publishers[publisher].appended = number
        } else {
            publishers[publisher].unrecorded = number
            makeDue(publisher)
        }
    }

    /// The next message of a publisher has been refused: its number is used up.
    mutating func refused(_ publisher: Int, _ number: UInt64) {
        publishers[publisher].accepted = number
        makeDue(publisher)
    }

    /// What was handed to the record is on disk, up to these numbers.
    mutating func recorded(_ numbers: [String: UInt64]) {
        for (id, number) in numbers {
            guard let index = indices[id], number > publishers[index].recorded else { continue }
            publishers[index].recorded = number
            makeDue(index)
        }
    }

    /// What publishers are to be told now.
    mutating func takeNotices() -> [Notice] {
        guard !due.isEmpty else { return [] }
        defer { due.removeAll(keepingCapacity: true) }
        return due.compactMap { index in
            publishers[index].isDue = false
            let through = publishers[index].through
            let told = publishers[index].told
            guard through > told, let connection = publishers[index].connection else { return nil }
            publishers[index].told = through
            let unrecorded = publishers[index].unrecorded
            return Notice(
                peer: connections[connection].peer,
                through: through,
                isRecorded: unrecorded <= told || unrecorded > through
            )
        }
    }

    private mutating func makeDue(_ index: Int) {
        guard !publishers[index].isDue else { return }
        publishers[index].isDue = true
        due.append(index)
    }

    // MARK: Entries

    private mutating func add(_ id: String, _ number: UInt64, at now: Int64) -> Int {
        let publisher = Publisher(
            id: id,
            idBytes: Array(id.utf8),
            accepted: number,
            recorded: number,
            appended: number,
            told: number,
            greetedAt: now
        )
        var index = publishers.count
        if index < maxPublishers {
            publishers.append(publisher)
        } else {
            index = oldest(publishers.indices) { publishers[$0].connection == nil ? publishers[$0].greetedAt : .max }
            if let connection = publishers[index].connection { connections[connection].publisher = nil }
            indices[publishers[index].id] = nil
            let wasDue = publishers[index].isDue
            publishers[index] = publisher
            publishers[index].isDue = wasDue
        }
        indices[id] = index
        return index
    }

    /// The entry of a connection, which is made where there is none.
    private mutating func connect(_ peer: PeerKey, at now: Int64) -> Int {
        if lastConnection < connections.count, connections[lastConnection].peer == peer {
            connections[lastConnection].heardAt = now
            return lastConnection
        }
        let index = connectionIndices[peer] ?? addConnection(peer, at: now)
        connections[index].heardAt = now
        lastConnection = index
        return index
    }

    private mutating func addConnection(_ peer: PeerKey, at now: Int64) -> Int {
        let connection = Connection(peer: peer, heardAt: now)
        var index = connections.count
        if index < maxConnections {
            connections.append(connection)
        } else {
            index = oldest(connections.indices) { connections[$0].heardAt }
            if let publisher = connections[index].publisher { publishers[publisher].connection = nil }
            connectionIndices[connections[index].peer] = nil
            connections[index] = connection
        }
        connectionIndices[peer] = index
        return index
    }

    private func oldest(_ range: Range<Int>, _ time: (Int) -> Int64) -> Int {
        range.min { time($0) < time($1) } ?? 0
    }
}
