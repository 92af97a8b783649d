import EventJournal
import Foundation
import Testing

/// What goes wrong before the journal is open: one line each, that says what to do.
@Suite struct OpeningTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func errorOfOpening(_ path: String) throws -> JournalError {
        let error = try #require(throws: JournalError.self) {
            try EventJournal(path: path, busyTimeout: .milliseconds(1))
        }
        #expect(error.message.contains(path) || path.hasPrefix("/sys"))
        #expect(!error.message.contains("\n"))
        return error
    }

    @Test func garbage() throws {
        let garbage = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try garbage.write(to: URL(fileURLWithPath: folder.database))
        let error = try errorOfOpening(folder.database)
        #expect(error.code == .corrupt)
        #expect(error.message.hasSuffix("move the file away, or choose another data folder"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.database)) == garbage)
    }

    @Test func aTornJournal() throws {
        try EventJournal(path: folder.database).close()
        let handle = try #require(FileHandle(forWritingAtPath: folder.database))
        try handle.truncate(atOffset: 5000)
        try handle.close()
        #expect(try errorOfOpening(folder.database).code == .corrupt)
    }

    @Test func aDatabaseOfAnotherProgramIsLeftAlone() throws {
        let other = try folder.otherConnection()
        try other.run("CREATE TABLE photos (id INTEGER)")
        #expect(try errorOfOpening(folder.database).code == .foreign)
        #expect(try folder.lines("PRAGMA journal_mode") == ["delete"])
        #expect(try folder.lines("SELECT name FROM sqlite_schema") == ["photos"])
    }

    @Test func aJournalOfANewerVersion() throws {
        try EventJournal(path: folder.database).close()
        try folder.otherConnection().run("INSERT INTO grdb_migrations VALUES ('99 from the future')")
        let error = try errorOfOpening(folder.database)
        #expect(error.code == .tooNew)
        #expect(error.message.contains("update"))
    }

    @Test func aFileThatSomebodyHolds() throws {
        let other = try folder.otherConnection()
        try other.run("BEGIN EXCLUSIVE")
        #expect(try errorOfOpening(folder.database).code == .locked)
        try other.run("ROLLBACK")
        try EventJournal(path: folder.database).close()
    }

    @Test func aPathBelowAFile() throws {
        let file = folder.path + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        let error = try errorOfOpening(file + "/journal.db")
        #expect(error.code == .cannotOpen)
        #expect(error.message.contains("Not a directory"))
    }

    @Test func aFolderInTheFilesPlace() throws {
        #expect(try errorOfOpening(folder.path).code == .cannotOpen)
    }

    /// Nobody, not even root, makes folders there.
    @Test func aFolderThatCannotBeWritten() throws {
        let error = try errorOfOpening("/sys/quantcell/journal.db")
        #expect(error.code == .readOnly)
        #expect(error.message.contains("/sys/quantcell"))
    }

    @Test func anEmptyFileIsANewJournal() async throws {
        try Data().write(to: URL(fileURLWithPath: folder.database))
        let journal = try EventJournal(path: folder.database)
        #expect(try await journal.append(transition()) == 1)
    }
}
