import Foundation
import Glibc
import Testing
import ZeroMQ

@testable import Keys

@Suite final class KeyFolderTests {
    private let path: String
    private let folder: KeyFolder

    init() throws {
        var template = Array("/tmp/qc-keys-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        folder = KeyFolder(path: "\(path)/data/keys")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    private func mode(_ file: String) -> UInt32 {
        var info = stat()
        return stat(file, &info) == 0 ? info.st_mode & 0o777 : 0
    }

    @Test func theManagersKeysAreMadeOnce() throws {
        #expect(try folder.managerKeys() == nil)
        let (keys, areNew) = try folder.makeManagerKeys()
        #expect(areNew)
        #expect(try folder.makeManagerKeys() == (keys, false))
        #expect(try folder.managerKeys() == keys)
        #expect(mode(folder.path) == 0o700)
        #expect(mode(folder.managerSecretFile) == 0o600)
        #expect(try KeyFile(path: folder.managerFile).secretKey == nil)
    }

    @Test func aClientIsAllowedAndRevoked() throws {
        let (key, file) = try folder.allow("desk-1", [.operator, .publisher])
        let made = try KeyFile(path: try #require(file))
        #expect(made.publicKey == key)
        #expect(made.serverKey == (try folder.managerKeys()?.publicKey))
        #expect(try made.pair(from: "x").publicKey == key)
        #expect(mode(try #require(file)) == 0o600)
        #expect(try folder.clients() == [.init(name: "desk-1", roles: [.publisher, .operator], publicKey: key)])
        #expect(throws: KeyError.self) { try self.folder.allow("desk-1", [.observer]) }
        #expect(try folder.revoke("desk-1") == [.publisher, .operator])
        #expect(try folder.clients() == [])
        #expect(access(try #require(file), F_OK) != 0)
        #expect(throws: KeyError.self) { try self.folder.revoke("desk-1") }
    }

    @Test func aClientMayBringItsOwnKey() throws {
        let own = try CurveKeyPair.make()
        let (key, file) = try folder.allow("theirs", [.publisher], publicKey: own.publicKey)
        #expect(key == own.publicKey)
        #expect(file == nil)
        #expect(access(folder.issuedFile("theirs"), F_OK) != 0)
    }

    @Test(arguments: ["", "../x", ".x", "a b", "a/b", String(repeating: "x", count: 65), "ä"])
    func aBadNameIsRefused(_ name: String) {
        #expect(throws: KeyError.self) { try self.folder.allow(name, [.publisher]) }
        #expect(throws: KeyError.self) { try self.folder.revoke(name) }
    }

    @Test func aSecretThatOthersMayReadIsNotUsed() throws {
        _ = try folder.makeManagerKeys()
        chmod(folder.managerSecretFile, 0o644)
        let error = #expect(throws: KeyError.self) { try self.folder.managerKeys() }
        #expect(error?.description.contains("chmod 600") == true)
    }

    @Test func whatIsNoKeyIsLeftOutAndTold() throws {
        let (key, _) = try folder.allow("good", [.publisher])
        let bad = open(folder.allowedFile("bad", .publisher), O_WRONLY | O_CREAT, 0o600)
        write(bad, "public-key = \"nonsense\"\n", 24)
        close(bad)
        mkfifo(folder.allowedFile("pipe", .publisher), 0o600)
        symlink("/dev/zero", folder.allowedFile("zero", .publisher))
        var problems = 0
        #expect(try folder.clients { _ in problems += 1 }.map(\.publicKey) == [key])
        #expect(problems == 3)
    }

    @Test func aChangeShowsInTheStamp() throws {
        _ = try folder.allow("a", [.publisher])
        let before = folder.stamp()
        // What has just changed may change again within the clock's grain: it is to be read again.
        #expect(before.isFresh)
        _ = try folder.revoke("a")
        #expect(folder.stamp().isFresh)
    }

    @Test func keysAreThirtyTwoBytesOrFortyCharacters() throws {
        let pair = try CurveKeyPair.make()
        #expect(CurveKey(pair.publicKey.text) == pair.publicKey)
        #expect(try CurveKeyPair(secretKey: pair.secretKey) == pair)
        #expect("\(pair)" == pair.publicKey.text)
        #expect(CurveKey(String(repeating: "x", count: 39)) == nil)
        #expect(CurveKey(String(repeating: "ä", count: 20)) == nil)
        #expect(CurveKey(String(repeating: "\u{1}", count: 40)) == nil)
        #expect(CurveKey(bytes: [1, 2, 3]) == nil)
    }
}
