import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

// What must hold when a chaos run has come to rest.
extension ChaosRun {
    /// Brings all workers to run, and checks that they do: each receives data, and nothing else is there.
    func settleAll() throws {
        // Spares too, and those of managers that are gone.
        for process in Leftovers.processes(with: folder.path) { Glibc.kill(process.pid, SIGCONT) }
        for name in Self.names {
            try settle(name)
            switch wanted[name] {
            case .stopped: try start(name)
            case .paused: try command(.resume, name, .running)
            default: break
            }
            // With what it has left about.
            try command(.restart, name, .running)
        }
        for name in Self.names { try settle(name) }
        try manager.untilSubscribed(Int64(Self.names.count))
        try publish()
        _ = try manager.until("bar \(lastClose) reached everybody") {
            let heard = try rows(
                "SELECT worker_id, data FROM emitted_signals ORDER BY seq DESC LIMIT 100",
                json: "data"
            )
            .filter { $0["data"]?["close"]?.doubleValue == lastClose }
            return Set(heard.compactMap { $0["worker_id"]?.stringValue }).count == Self.names.count ? true : nil
        }
        // The manager, the workers and two spares.
        try manager.asking("no process but those that belong there") {
            Leftovers.processes(with: folder.path).count
                == 1 + (Self.names.count + 2) * language.processesPerWorker
        }
        try manager.asking("every end collected") { try Processes.zombies(of: manager.process.pid).isEmpty }
    }

    /// What the journal's file says, read by somebody else's program: the manager is not asked, and keeps nothing of the answer.
    ///
    /// - Parameter column: One that holds JSON as text.
    private func rows(_ query: String, json column: String) throws -> [JSONValue] {
        let done = try manager.program("/usr/bin/env", ["sqlite3", "-readonly", "-json", manager.journal, query])
            .finish()
        try #require(done.code == 0, "\(done.errors)")
        let rows = try done.output.isEmpty ? [] : #require(JSONValue(parsing: done.output).arrayValue)
        return try rows.map { row in
            guard var members = row.objectValue, let text = members[column]?.stringValue else { return row }
            members[column] = try JSONValue(parsing: text)
            return .object(members)
        }
    }

    /// Fills what the manager keeps of the past and bounds by number: answers to commands, and pages of its journal.
    func fillMemories() throws {
        for _ in 0..<3000 { #expect(throws: Refused.self) { try manager.ask(.pause, "nobody") } }
    }

    /// How many descriptors the manager has.
    func descriptors() throws -> Int { try Processes.descriptors(of: manager.process.pid) }

    /// The memory that is the manager's alone, in bytes.
    func memory() throws -> Int {
        let field = try #require(Processes.status(manager.process.pid)["RssAnon"])
        return try #require(Int(field.split(separator: " ")[0])) * 1024
    }

    /// Waits until the manager has no more descriptors than it had: those of processes that have just ended close with them.
    func waitForDescriptors(within share: Double, of count: Int) throws {
        try manager.asking("the manager's descriptors, \(try descriptors()), are \(count) again") {
            try Double(descriptors()) <= Double(count) * (1 + share)
        }
    }

    /// Follows each worker through the journal: no step that the table forbids, none missing, no generation after a later one. And holds
    /// all of it against what was done.
    func checkJournal() throws {
        let entries = try rows("SELECT * FROM events ORDER BY seq", json: "detail")
        for name in Self.names {
            var last: (state: String, generation: Int64)?
            for entry in entries where entry["kind"] == "transition" && entry["worker_id"]?.stringValue == name {
                let to = try #require(entry["to_state"]?.stringValue)
                let generation = try #require(entry["generation"]?.integerValue)
                if let from = entry["from_state"]?.stringValue {
                    #expect(from == last?.state, "\(entry.text)")
                    let states = try (#require(WorkerState(rawValue: from)), #require(WorkerState(rawValue: to)))
                    #expect(states.0.mayBecome(states.1), "\(entry.text)")
                } else {
                    // A life that begins, or one that a new manager has found.
                    #expect(["initializing", "running", "paused"].contains(to), "\(entry.text)")
                }
                #expect(generation >= last?.generation ?? 1, "\(entry.text)")
                last = (to, generation)
            }
            #expect(last?.state == "running")
            #expect(try manager.status(name)["generation"]?.integerValue == last?.generation)
        }
        var record = record
        record.add(ledger: "\(folder.path)/ledger")
        record.check(entries)
    }

    /// The logs are as many, and about as large, as the configuration allows: 64 KiB each, but for what is written between two looks.
    func checkLogs() throws {
        let logs = "\(manager.data)/logs"
        for name in try FileManager.default.contentsOfDirectory(atPath: logs) {
            let number = name.split(separator: ".").last.flatMap { Int($0) } ?? 0
            #expect(number <= 2, "\(name)")
        }
    }
}
