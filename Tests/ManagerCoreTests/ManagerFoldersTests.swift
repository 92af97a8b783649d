import Foundation
import Testing
import WireProtocol

@testable import ManagerCore

@Suite struct ManagerFoldersTests {
    let folder: TemporaryFolder
    let places: Folders

    init() throws {
        folder = try TemporaryFolder()
        places = try Self.places(folder.path, runtime: "run/deep", data: "data")
    }

    private static func places(_ root: String, runtime: String, data: String) throws -> Folders {
        var settings = Settings()
        settings.manager.runtimeDir = "\(root)/\(runtime)"
        settings.manager.dataDir = "\(root)/\(data)"
        return try Folders.resolve(settings: settings, environment: [:], userID: geteuid())
    }

    private func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func failure(_ places: Folders) -> ManagerError? {
        do throws(ManagerError) {
            _ = try ManagerFolders(places)
            return nil
        } catch {
            return error
        }
    }

    @Test func theyAreMadePrivateWithAllThatIsInThem() throws {
        let folders = try ManagerFolders(places)
        for name in ["run", "run/deep", "data", "data/logs", "data/compiled"] { #expect(try mode(name) == 0o700) }
        for name in ["run/deep/manager.lock", "data/manager.lock"] {
            #expect(try mode(name) == 0o600)
            #expect(try folder.text(of: name) == "\(getpid())\n")
        }
        let paths = [folders.logs, folders.compiled, folders.ledger]
        #expect(paths == ["logs", "compiled", "sequences"].map { "\(folder.path)/data/\($0)" })
    }

    @Test func aSecondManagerIsToldWhoHasThem() throws {
        let first = try ManagerFolders(places)
        let path = first.logs
        #expect(failure(places)?.code == .conflict)
        #expect(
            failure(places)?.description
                == "another manager (process \(getpid())) runs on \(folder.path)/run/deep; stop it, or choose other folders with --runtime-dir and --data-dir"
        )
        #expect(path.hasSuffix("logs"))
    }

    @Test func aProcessThatHoldsTheLockIsNamed() async throws {
        _ = try folder.makeFolder("run/deep")
        let holder = Process()
        let output = Pipe()
        holder.executableURL = URL(fileURLWithPath: "/bin/sh")
        let lock = "\(folder.path)/run/deep/manager.lock"
        holder.arguments = ["-c", "echo $$ > \(lock); exec flock \(lock) sh -c 'echo locked; exec sleep 1000'"]
        holder.standardOutput = output
        try holder.run()
        defer {
            // The lock's holder is its child, which has the same descriptor.
            output.fileHandleForReading.closeFile()
        }
        #expect(output.fileHandleForReading.availableData == Data("locked\n".utf8))
        #expect(failure(places)?.description.hasPrefix("another manager (process \(holder.processIdentifier))") == true)
        try endGroup(of: holder)
        try await wait(for: "the lock to be let go") { failure(places) == nil }
    }

    /// Ends a shell and what it has started.
    private func endGroup(of process: Process) throws {
        let children = try String(
            contentsOfFile: "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children",
            encoding: .utf8
        )
        for child in children.split(separator: " ").compactMap({ Int32($0) }) { kill(child, SIGKILL) }
        process.terminate()
        process.waitUntilExit()
    }

    @Test func bothLocksAreLetGoAtTheEndAndAfterAFailure() throws {
        do { _ = try ManagerFolders(places) }
        // Another manager has the data folder, under another runtime folder.
        let other = try Self.places(folder.path, runtime: "other", data: "data")
        do {
            let first = try ManagerFolders(other)
            let logs = first.logs
            #expect(failure(places)?.description.contains("runs on \(folder.path)/data;") == true, "\(logs)")
        }
        #expect(failure(places) == nil)
        #expect(failure(other) == nil)
    }

    @Test func aLockFileThatNobodyHoldsIsTaken() throws {
        _ = try folder.makeFolder("data")
        try folder.write("99999999\n and more", to: "data/manager.lock")
        let folders = try ManagerFolders(places)
        let logs = folders.logs
        #expect(try folder.text(of: "data/manager.lock") == "\(getpid())\n", "\(logs)")
    }

    @Test func oneFolderMayBeBoth() throws {
        let both = try Self.places(folder.path, runtime: "one", data: "one")
        let folders = try ManagerFolders(both)
        let logs = folders.logs
        #expect(failure(both)?.code == .conflict, "\(logs)")
    }

    @Test func oneFolderUnderTwoNamesIsLockedOnce() throws {
        _ = try folder.makeFolder("one")
        #expect(symlink("\(folder.path)/one", "\(folder.path)/two") == 0)
        #expect(failure(try Self.places(folder.path, runtime: "one", data: "two")) == nil)
    }

    @Test func foldersThatAreThereAreClosedToOthers() throws {
        for name in ["run/deep", "data/logs", "data/compiled"] {
            #expect(chmod(try folder.makeFolder(name), 0o755) == 0)
        }
        #expect(chmod("\(folder.path)/data", 0o755) == 0)
        #expect(failure(places) == nil)
        for name in ["run/deep", "data/logs", "data/compiled"] { #expect(try mode(name) == 0o700) }
        // Somebody may keep other things there.
        #expect(try mode("data") == 0o755)
    }

    @Test func aFolderForAllUsersIsNotClosed() throws {
        let path = try folder.makeFolder("run/deep")
        #expect(chmod(path, 0o1777) == 0)
        #expect(failure(places)?.description == "\(path) is shared by all users; choose a folder below it")
        #expect(try mode("run/deep") & 0o777 == 0o777)
    }

    @Test func aFileInTheWayIsNamed() throws {
        try folder.write("", to: "data")
        #expect(failure(places)?.code == .serviceUnavailable)
        #expect(failure(places)?.description.contains("\(folder.path)/data") == true)
        // The runtime folder was made before, and is not held.
        try folder.remove("data")
        #expect(failure(places) == nil)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
    func aFolderOfSomebodyElseIsRefused() throws {
        let path = try folder.makeFolder("data")
        #expect(chown(path, 12345, 12345) == 0)
        let error = failure(places)
        #expect(error?.code == .serviceUnavailable)
        #expect(error?.description.hasPrefix("the folder \(path) belongs to user 12345, not to 0") == true)
    }

    // MARK: endpoints.json

    private func endpoints(_ port: Int) throws -> Endpoints {
        var settings = Settings()
        settings.manager.endpoints.feed = ["tcp://127.0.0.1:\(port)", "ipc:///tmp/x"]
        return try Endpoints.resolve(settings: settings, folders: places)
    }

    @Test func theAddressesAreAnnouncedWholeAndTakenBack() throws {
        do {
            let folders = try ManagerFolders(places)
            try folders.announce(try endpoints(1))
            let old = open("\(folder.path)/run/deep/endpoints.json", O_RDONLY)
            defer { close(old) }
            try folders.announce(try endpoints(2))
            #expect(try mode("run/deep/endpoints.json") == 0o600)
            let written = try JSONValue(parsing: try folder.text(of: "run/deep/endpoints.json"))
            #expect(written["feed"] == ["tcp://127.0.0.1:2", "ipc:///tmp/x"])
            #expect(written["admin"] == [.string("ipc://\(folder.path)/run/deep/admin.sock")])
            #expect(
                written.objectValue?.keys.sorted()
                    == ["admin", "control", "data", "events", "feed", "history", "publish", "status"]
            )
            // Who had opened the old one reads it to its end: it was replaced, not changed.
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(old, &buffer, buffer.count)
            let seen = try JSONValue(parsing: String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self))
            #expect(seen["feed"]?.stringArrayValue?.first == "tcp://127.0.0.1:1")
            #expect(try folder.names(in: "run/deep") == ["endpoints.json", "manager.lock"])
        }
        #expect(!folder.exists("run/deep/endpoints.json"))
    }

    @Test func whatCannotBeWrittenSaysSo() throws {
        _ = try folder.makeFolder("run/deep/endpoints.json")
        let folders = try ManagerFolders(places)
        let error: ManagerError?
        do throws(ManagerError) {
            try folders.announce(try Self.standard(places))
            error = nil
        } catch {
            #expect(error.code == .serviceUnavailable)
            #expect(error.description.hasPrefix("cannot write \(folder.path)/run/deep/endpoints.json: "))
            return
        }
        Issue.record("it was written: \(error.debugDescription)")
    }

    private static func standard(_ places: Folders) throws(ManagerError) -> Endpoints {
        do throws(SettingsError) {
            return try Endpoints.resolve(settings: Settings(), folders: places)
        } catch {
            throw ManagerError(.internalError, "\(error)")
        }
    }
}
