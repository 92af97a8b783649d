import Foundation
import Synchronization
import Testing

@testable import ManagerCore

@Suite("Access: tokens, login codes, sessions")
struct AccessControlTests {
    /// A clock that a test sets.
    private final class Clock: Sendable {
        let now = Mutex(1000.0)
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quantcell-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("a token is known by its text, also to the next manager, until it is revoked; its text is nowhere on disk")
    func tokens() throws {
        try withFolder { folder in
            let access = AccessControl()
            try access.open(dataFolder: folder)
            let token = try access.makeToken(name: "ci", scope: .operate)
            #expect(token.hasPrefix("qc_") && token.utf8.count == 46)
            #expect(access.credential(token: token)?.who == "token:ci")
            #expect(access.credential(token: token)?.scope == .operate)
            for wrong in ["", "qc_", token + "x", String(token.dropLast()), token.uppercased()] {
                #expect(access.credential(token: wrong) == nil, "\(wrong)")
            }
            #expect(throws: ManagerError.self) { try access.makeToken(name: "ci", scope: .read) }
            #expect(throws: ManagerError.self) { try access.makeToken(name: "../ci", scope: .read) }

            let path = "\(folder)/tokens.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(!text.contains(token) && !text.contains(token.dropFirst(3)))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)

            let next = AccessControl()
            try next.open(dataFolder: folder)
            #expect(next.credential(token: token)?.who == "token:ci")
            try next.revokeToken(name: "ci")
            #expect(next.credential(token: token) == nil)
            #expect(throws: ManagerError.self) { try next.revokeToken(name: "ci") }
            let last = AccessControl()
            try last.open(dataFolder: folder)
            #expect(last.tokens == [])
        }
    }

    @Test("a file that is damaged, or open to others, is not believed")
    func badFiles() throws {
        try withFolder { folder in
            let path = "\(folder)/tokens.json"
            for text in [
                "", "{", "[]", #"{"tokens":[{}]}"#,
                #"{"tokens":[{"name":"a","scope":"god","sha256":"00","created_ns":1}]}"#,
            ] {
                try text.write(toFile: path, atomically: false, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
                #expect(throws: ManagerError.self, "\(text)") { try AccessControl().open(dataFolder: folder) }
            }
            try #"{"tokens":[]}"#.write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            #expect(throws: ManagerError.self) { try AccessControl().open(dataFolder: folder) }
        }
    }

    @Test("a login code is good once and for a minute, a session for twelve hours; of both there are only so many")
    func sessions() throws {
        let clock = Clock()
        let access = AccessControl { clock.now.withLock { $0 } }
        let code = access.makeLoginCode(scope: .read)
        let session = try #require(access.redeem(code: code))
        #expect(access.redeem(code: code) == nil)
        #expect(access.credential(session: session)?.scope == .read)
        #expect(access.credential(token: session) == nil)

        let late = access.makeLoginCode(scope: .admin)
        clock.now.withLock { $0 += 60 }
        #expect(access.redeem(code: late) == nil)
        clock.now.withLock { $0 += AccessControl.sessionSeconds - 61 }
        #expect(access.credential(session: session) != nil)
        clock.now.withLock { $0 += 1 }
        #expect(access.credential(session: session) == nil)

        let codes = (0...AccessControl.maxCodes).map { _ in access.makeLoginCode(scope: .read) }
        #expect(access.redeem(code: codes[0]) == nil, "the oldest makes room")
        let open = try #require(access.redeem(code: codes[1]))
        access.end(session: open)
        #expect(access.credential(session: open) == nil)
    }
}
