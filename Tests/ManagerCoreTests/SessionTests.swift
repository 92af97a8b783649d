import Foundation
import Synchronization
import Testing

@testable import ManagerCore

@Suite struct SessionTests {
    /// Wall clock of the tests, seconds.
    private final class Clock: Sendable {
        private let value = Mutex(1_700_000_000.0)

        var now: Double { value.withLock { $0 } }
        func advance(by seconds: Double) { value.withLock { $0 += seconds } }
    }

    private let folder: TemporaryFolder
    private let clock = Clock()
    private var path: String { "\(folder.path)/sessions.json" }

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The access control of a manager on the folder.
    private func access() throws -> AccessControl {
        let access = AccessControl { [clock] in clock.now }
        try access.open(dataFolder: folder.path)
        return access
    }

    private func logIn(_ access: AccessControl, _ scope: AccessScope = .operate) throws -> String {
        try #require(access.redeem(code: access.makeLoginCode(scope: scope)))
    }

    @Test func aSessionOutlivesTheManager() throws {
        let session = try logIn(access(), .read)
        let credential = try #require(try access().credential(session: session))
        #expect(credential.scope == .read)
        #expect(credential.expiresAt == clock.now + AccessControl.sessionSeconds)
    }

    @Test func aSessionThatWasEndedOrHasExpiredIsGoneForGood() throws {
        let first = try access()
        let ended = try logIn(first)
        let expired = try logIn(first)
        first.end(session: ended)
        #expect(try access().credential(session: ended) == nil)
        #expect(try access().credential(session: expired) != nil)
        clock.advance(by: AccessControl.sessionSeconds + 1)
        #expect(try access().credential(session: expired) == nil)
    }

    @Test func aLoginCodeDoesNotOutliveTheManager() throws {
        let code = try access().makeLoginCode(scope: .operate)
        #expect(try access().redeem(code: code) == nil)
    }

    @Test func theFileHoldsNoSecretAndIsItsOwners() throws {
        let session = try logIn(access())
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains(session))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func aFileThatCannotBeTrustedIsAsNone() throws {
        let session = try logIn(access())
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(try access().credential(session: session) == nil)
        try Data("no JSON".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(try access().credential(session: session) == nil)
        // And is replaced by the next login.
        let next = try logIn(access())
        #expect(try access().credential(session: next) != nil)
    }
}
