/// What a process of this program does for a measurement.
enum RoleName: String, CaseIterable {
    /// Pushes market data, into a manager or into a floor.
    case publish
    /// Pushes market data, and waits until all of it is on disk.
    case publishAcknowledged
    /// PULL to PUB, and nothing else: the floor of the broker.
    case forward
    /// A SUB loop that reads each frame and its time: the floor of a worker.
    case subscribe
    /// A PULL loop that counts: the floor of a feed.
    case pull
    /// A PULL loop that lives for a while: the floor of a manager that only listens.
    case listen
    /// Many PUSH sockets that send once a second, as workers do.
    case beat
    /// Appends to an EventJournal.
    case journal
    /// Appends to a MarketRecord.
    case record
    /// Appends to a MarketRecord at a steady pace.
    case append
    /// Inserts into the record's table by bare SQLite: the floor of a record.
    case insert
    /// Reads from a MarketRecord, and appends to it.
    case replay
    /// Fills a MarketRecord with years of bars.
    case fill
    /// Appends to one that is full, and reads its last hour.
    case grown
    /// Writes the same rows with bare SQLite: the floor of a journal.
    case database
}

/// Runs the roles.
enum Role {
    static let argument = "role"

    static func run(_ name: String, _ arguments: [String]) throws {
        guard let role = RoleName(rawValue: name) else { throw BenchError("no role '\(name)'") }
        let arguments = RoleArguments(arguments)
        switch role {
        case .publish: try Publisher.run(arguments)
        case .publishAcknowledged: try AcknowledgedPublisher.run(arguments)
        case .forward: try BareForwarder.run(arguments)
        case .subscribe: try BareSubscriber.run(arguments)
        case .pull: try BareCounter.run(arguments)
        case .listen: try BareListener.run(arguments)
        case .beat: try BareHeart.run(arguments)
        case .database: try BareDatabase.run(arguments)
        case .journal: try JournalWriterRole.run(arguments)
        case .record: try RecorderRole.run(arguments)
        case .append: try PacedAppenderRole.run(arguments)
        case .insert: try BareInsert.run(arguments)
        case .replay: try ReplayRole.run(arguments)
        case .fill: try FillRole.run(arguments)
        case .grown: try GrownRole.run(arguments)
        }
    }
}

/// The arguments of a role, in order.
struct RoleArguments {
    private let values: [String]

    init(_ values: [String]) {
        self.values = values
    }

    func text(_ index: Int) throws -> String {
        guard values.indices.contains(index) else { throw BenchError("argument \(index + 1) is missing") }
        return values[index]
    }

    func number(_ index: Int) throws -> Int {
        guard let number = Int(try text(index)) else { throw BenchError("argument \(index + 1) is not a number") }
        return number
    }
}
