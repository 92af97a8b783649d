import Foundation
import GRDB
import Synchronization

@testable import EventJournal

/// A folder of its own for a test, removed at the end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "quantcell-journal-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var database: String { path + "/journal.db" }

    /// Another connection to the journal, as another program would have it.
    func otherConnection() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true  // so that a test can leave one open
        return try DatabaseQueue(path: database, configuration: configuration)
    }

    /// What `sqlite3 journal.db 'select ...'` prints, line by line.
    func lines(_ sql: String) throws -> [String] {
        try otherConnection().read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map { $0.isNull ? "" : String.fromDatabaseValue($0) ?? $0.description }
                    .joined(separator: "|")
            }
        }
    }

    func mode(of file: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    }
}

/// Keeps the writer's thread busy, in a callback, until it is let go: what is appended meanwhile waits.
final class WriterHold: Sendable {
    private let held = DispatchSemaphore(value: 0)

    init(_ journal: EventJournal) async {
        let held = held
        await withCheckedContinuation { continuation in
            journal.append(JournalEntry(time: 0, kind: .manager)) { _ in
                continuation.resume()
                held.wait()
            }
        }
    }

    func letGo() {
        held.signal()
    }
}

/// What callbacks report, in their order.
final class Log<Element: Sendable>: Sendable {
    private let content = Mutex<[Element]>([])

    func add(_ element: Element) {
        content.withLock { $0.append(element) }
    }

    var elements: [Element] { content.withLock { $0 } }
}

func transition(_ time: Int64 = 0, worker: String = "sma", to state: String = "running") -> JournalEntry {
    JournalEntry(time: time, kind: .transition, workerID: worker, toState: state)
}

func signal(_ id: String, worker: String = "sma") -> SignalRecord {
    SignalRecord(signalID: id, workerID: worker, name: "cross_up", emittedAt: 5)
}

extension DatabaseWriter {
    /// Runs SQL on the writing connection.
    func run(_ sql: String) throws {
        try writeWithoutTransaction { try $0.execute(sql: sql) }
    }
}

extension EventJournal {
    /// A setting of the connection that writes.
    func pragma(_ name: String) throws -> String? {
        try pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    /// The error of an append, or nil when it got through.
    func errorOfAppend(_ entry: JournalEntry) async -> JournalError? {
        do {
            try await append(entry)
            return nil
        } catch {
            return error
        }
    }
}

func wish(_ worker: String, _ wanted: DesiredWorker.Wanted) -> DesiredWorker {
    DesiredWorker(workerID: worker, wanted: wanted, config: #"{"fast":5}"#, source: .cli, updatedAt: 5)
}

func process(_ worker: String, generation: UInt64, state: String = "running") -> ProcessRecord {
    ProcessRecord(
        workerID: worker,
        generation: generation,
        identity: "spare-1234abcd",
        token: "0f1e2d3c4b5a",
        pid: 4711,
        startTime: 123_456_789,
        bootID: "5ab4f3c0-0d1c-4e7b-9d2e-6f0a1b2c3d4e",
        libraryPath: "/var/cache/sma.so",
        state: state,
        startedAt: 42,
        restarts: 2
    )
}

extension EventJournal {
    /// Does everything that retention has to do now.
    func finishRetention() {
        writerQueue.sync { while stepRetention() {} }
    }
}
