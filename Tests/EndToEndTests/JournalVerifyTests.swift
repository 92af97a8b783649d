import EventJournal
import Foundation
import Testing
import WireProtocol

/// `quantcell journal verify`, with and without a manager.
@Suite struct JournalVerifyTests {
    private func verify(_ folder: TestFolder, _ arguments: String...) throws -> Finished {
        try Program(
            Build.program("quantcell"),
            ["journal", "verify"] + arguments,
            environment: folder.environment,
            folder: "\(folder.path)/work"
        ).finish()
    }

    /// Does something to the file that the journal would not.
    private func tamper(_ folder: TestFolder, _ sql: String) throws {
        let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.executescript(sys.argv[2])"
        let done = try Program(
            "/usr/bin/env",
            ["python3", "-c", script, "\(folder.path)/data/journal.db", sql],
            environment: folder.environment,
            folder: "\(folder.path)/work"
        ).finish()
        try #require(done.code == 0, "\(done.errors)")
    }

    private func fill(_ folder: TestFolder) throws {
        let journal = try EventJournal(path: "\(folder.path)/data/journal.db")
        for index in 1...3 {
            journal.append(JournalEntry(time: Int64(index), kind: .manager, cause: "started")) { _ in }
        }
        journal.close()
    }

    @Test func whileAManagerRuns() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            try manager.publish([1, 2, 3])
            _ = try manager.untilSignals(of: "a", 3)
            let done = try manager.cli("journal", "verify", "--json")
            #expect(done.code == 0, "\(done.errors)")
            let answer = try JSONValue(parsing: done.output)
            #expect(answer["ok"] == true)
            #expect(answer["signals"] == 3)
            #expect(answer["not_covered"] == 0)
            #expect(answer["fault"] == .null)
        }
    }

    @Test func withoutAManager() async throws {
        try await withFolder { folder in
            try fill(folder)
            let whole = try verify(folder)
            #expect(whole.code == 0, "\(whole.errors)")
            #expect(whole.lines.first == "\(folder.path)/data/journal.db: nothing was altered, removed or added")
            let head = try #require(whole.lines.last?.split(separator: " ").last.map(String.init))
            #expect(head.hasPrefix("3:"))
            #expect(try verify(folder, "--containing", head, "--path", "../data/journal.db").code == 0)

            try tamper(folder, "UPDATE events SET cause = 'stopped' WHERE seq = 2")
            let altered = try verify(folder)
            #expect(altered.code == 1)
            #expect(altered.output == "")
            #expect(
                altered.errors
                    == "quantcell: \(folder.path)/data/journal.db: entry 2 was altered, or its signal, or its death\n"
            )
            let json = try verify(folder, "--json", "--data-dir", "\(folder.path)/data")
            #expect(json.code == 1)
            #expect(json.errors == "")
            let answer = try JSONValue(parsing: json.output)
            #expect(answer["ok"] == false)
            #expect(answer["fault"]?["seq"] == 2)
            #expect(answer["fault"]?["deed"] == "altered")

            try tamper(folder, "DELETE FROM events WHERE seq < 3")
            #expect(try verify(folder).errors.hasSuffix("entries 1 to 2 were removed\n"))
            try tamper(folder, "DELETE FROM events; UPDATE hash_chain SET head_seq = 0, head_hash = anchor_hash")
            #expect(try verify(folder).code == 0)
            let noted = try verify(folder, "--containing", head)
            #expect(noted.code == 1)
            #expect(noted.errors.hasSuffix("entries 1 to 3 were removed\n"))
        }
    }

    @Test func whatCannotBeVerified() async throws {
        try await withFolder { folder in
            #expect(try verify(folder).code == 66)
            try "no database".write(toFile: "\(folder.path)/work/x.db", atomically: false, encoding: .utf8)
            #expect(try verify(folder, "--path", "x.db").code == 65)
            for arguments in [["--path", "x", "--data-dir", "y"], ["--containing", "3"], ["--containing", "3:ff"]] {
                let done = try Program(
                    Build.program("quantcell"),
                    ["journal", "verify"] + arguments,
                    environment: folder.environment,
                    folder: "\(folder.path)/work"
                ).finish()
                #expect(done.code == 64)
            }
        }
    }
}
