import Glibc
import Keys
import Testing
import ZeroMQ

@testable import ManagerCore

/// Who is let in where, without a socket.
@Suite struct GuestListTests {
    private let folder: TemporaryFolder
    private let keys: KeyFolder

    init() throws {
        folder = try TemporaryFolder()
        keys = KeyFolder(path: "\(folder.path)/keys")
    }

    private func guests(users: Set<UInt32> = [7], isTCPOpen: Bool = false) -> GuestList {
        GuestList(folder: keys, users: users, isTCPOpen: isTCPOpen, logger: Recorder<String>().logger)
    }

    private func request(_ endpoint: String, _ address: String, key: CurveKey? = nil) throws -> ZAPRequest {
        let frames = ["1.0", "1", endpoint, address, "", key == nil ? "NULL" : "CURVE"].map { Array($0.utf8) }
        return try #require(ZAPRequest(frames + (key.map { [$0.bytes] } ?? [])))
    }

    private func isRefused(_ verdict: GuestList.Verdict) -> Bool {
        if case .refused = verdict { true } else { false }
    }

    @Test func overIPCTheUserCounts() throws {
        let guests = guests()
        let mine = getsid(0)
        #expect(
            guests.verdict(on: try request("admin", "localhost:7:7:\(getpid())"))
                == .admitted(.local(uid: 7, pid: getpid(), session: mine))
        )
        #expect(isRefused(guests.verdict(on: try request("admin", "localhost:8:7:1"))))
    }

    @Test(arguments: [
        "127.0.0.1", "::1", "", "localhost", "localhost:7", "x:7:7:7", "localhost:7:7:7:7", "localhost:-7:7:7",
    ])
    func overTCPNobodyIsLetInWithoutAKeyUnlessItIsOpen(_ address: String) throws {
        #expect(isRefused(guests().verdict(on: try request("feed", address))))
        let isAddress = address.contains { $0 == "." || $0 == ":" }
        #expect(isRefused(guests(isTCPOpen: true).verdict(on: try request("feed", address))) != isAddress)
    }

    @Test func aKeyOpensWhatItsRolesOpen() throws {
        let guests = guests()
        let stranger = try CurveKeyPair.make().publicKey
        #expect(isRefused(guests.verdict(on: try request("feed", "1.2.3.4", key: stranger))))
        let (key, _) = try keys.allow("f", [.publisher, .observer])
        let admitted = GuestList.Verdict.admitted(.client(name: "f", roles: [.publisher, .observer]))
        for endpoint in ["feed", "publish", "data", "history", "events", "admin"] {
            #expect(guests.verdict(on: try request(endpoint, "1.2.3.4", key: key)) == admitted)
        }
        for endpoint in ["control", "status", "", "zap"] {
            #expect(isRefused(guests.verdict(on: try request(endpoint, "1.2.3.4", key: key))))
        }
        #expect(guests.roles(of: "f") == [.publisher, .observer])
        _ = try keys.revoke("f")
        #expect(isRefused(guests.verdict(on: try request("feed", "1.2.3.4", key: key))))
        #expect(guests.roles(of: "f") == [])
    }

    @Test func whatAKeyOpensNoMoreIsTold() throws {
        let guests = guests()
        #expect(!guests.hasClients && guests.takeRevoked().isEmpty)
        let (key, _) = try keys.allow("f", [.publisher, .observer])
        let (other, _) = try keys.allow("g", [.publisher])
        for (endpoint, address) in [("feed", "1.2.3.4"), ("data", "1.2.3.4"), ("data", "5.6.7.8")] {
            _ = guests.verdict(on: try request(endpoint, address, key: key))
        }
        _ = guests.verdict(on: try request("feed", "1.2.3.4", key: other))
        #expect(guests.hasClients && guests.takeRevoked().isEmpty)

        // One role of two.
        try #require(unlink(keys.allowedFile("f", .observer)) == 0)
        let data = ["1.2.3.4", "5.6.7.8"].map { GuestList.Place(endpoint: "data", address: $0) }
        #expect(guests.takeRevoked() == [GuestList.Revoked(name: "f", places: Set(data))])
        #expect(guests.takeRevoked().isEmpty)
        // The name is given to somebody else: the old key is gone all the same.
        _ = try keys.revoke("f")
        let (successor, _) = try keys.allow("f", [.publisher])
        _ = guests.verdict(on: try request("feed", "9.9.9.9", key: successor))
        let feed = GuestList.Place(endpoint: "feed", address: "1.2.3.4")
        #expect(guests.takeRevoked() == [GuestList.Revoked(name: "f", places: [feed])])

        // Of one that has come from everywhere it is not remembered from where.
        for number in 0..<200 { _ = guests.verdict(on: try request("feed", "1.1.1.\(number)", key: other)) }
        _ = try keys.revoke("g")
        let places = try #require(guests.takeRevoked().first?.places)
        #expect(places.count < 100 && places.contains(GuestList.Place(endpoint: "feed", address: nil)))
    }

    @Test func aWorkersKeyIsItsProcess() throws {
        let guests = guests()
        let worker = WorkerKeys(try CurveKeyPair.make())
        let pair = try worker.pair(identity: "a-1", token: "t")
        // A later manager makes the same one; nobody else's is alike.
        #expect(try worker.pair(identity: "a-1", token: "t") == pair)
        #expect(try worker.pair(identity: "a-1", token: "u") != pair)
        #expect(try worker.pair(identity: "a-2", token: "t") != pair)
        #expect(try WorkerKeys(try CurveKeyPair.make()).pair(identity: "a-1", token: "t") != pair)
        guests.admit(worker: "a-1", pair.publicKey)
        for endpoint in ["control", "status", "data", "history"] {
            let verdict = guests.verdict(on: try request(endpoint, "1.2.3.4", key: pair.publicKey))
            #expect(verdict == .admitted(.worker(identity: "a-1")))
        }
        for endpoint in ["feed", "publish", "admin", "events"] {
            #expect(isRefused(guests.verdict(on: try request(endpoint, "1.2.3.4", key: pair.publicKey))))
        }
        guests.forget(worker: "a-1")
        #expect(isRefused(guests.verdict(on: try request("status", "1.2.3.4", key: pair.publicKey))))
    }

    @Test func whatTheDoorSaysIsWhatMessagesSay() {
        let speakers: [Speaker] = [
            .local(uid: 1000, pid: 4711, session: 4700), .worker(identity: "sma btc-1"),
            .client(name: "desk", roles: [.observer, .operator]), .client(name: "none", roles: []), .anonymous,
        ]
        for speaker in speakers { #expect(Speaker(userID: speaker.userID) == speaker) }
        for text in [nil, "", "uid:", "uid:1", "uid:x 1 1", "key:", "operator", "worker"] as [String?] {
            #expect(!Speaker(userID: text).who.hasPrefix("uid:"))
        }
    }

    @Test func questionsThatAreNoneAreNotUnderstood() throws {
        let frames =
            ["1.0", "1", "feed", "1.2.3.4", "", "CURVE"].map { Array($0.utf8) } + [[UInt8](repeating: 1, count: 32)]
        #expect(ZAPRequest(frames) != nil)
        for count in 0..<frames.count { #expect(ZAPRequest(frames.prefix(count)) == nil) }
        var generator = SeededGenerator(state: 7)
        for _ in 0..<20_000 {
            var damaged = frames
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let at = Int.random(in: 0..<damaged.count, using: &generator)
                damaged[at] = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
            }
            guard let request = ZAPRequest(damaged) else { continue }
            // Whoever it seems to be: not one whom we know.
            #expect(isRefused(guests().verdict(on: request)))
        }
    }
}
