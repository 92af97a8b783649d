import Testing
import WireProtocol

@testable import quantcell

@Suite struct ManagerTests {
    private func folder(_ flag: String?, _ environment: [String: String]) -> String {
        ManagerFolder(flag: flag, environment: { environment[$0] }, userID: 1000, workingFolder: "/work").path
    }

    @Test func theRuntimeFolderFollowsTheRule() {
        let all = [
            "QUANTCELL_RUNTIME_DIR": "/q", "XDG_RUNTIME_DIR": "/run/user/1000", "TMPDIR": "/var/tmp", "HOME": "/home/u",
        ]
        #expect(folder("/flag/", all) == "/flag")
        #expect(folder("sub/../rel", all) == "/work/rel")
        #expect(folder("~/x", all) == "/home/u/x")
        #expect(folder(nil, all) == "/q")
        #expect(
            folder(nil, ["QUANTCELL_RUNTIME_DIR": "", "XDG_RUNTIME_DIR": "/run/user/1000"])
                == "/run/user/1000/quantcell"
        )
        #expect(folder(nil, ["XDG_RUNTIME_DIR": "relative", "TMPDIR": "/var/tmp"]) == "/var/tmp/quantcell-1000")
        #expect(folder(nil, [:]) == "/tmp/quantcell-1000")
    }

    @Test func theDataFolderFollowsTheRule() throws {
        func journal(_ flag: String?, _ environment: [String: String]) throws -> String {
            try DataFolder(flag: flag, environment: { environment[$0] }, workingFolder: "/work").journal
        }
        let all = ["QUANTCELL_DATA_DIR": "/q", "XDG_DATA_HOME": "/share", "HOME": "/home/u"]
        #expect(try journal("sub", all) == "/work/sub/journal.db")
        #expect(try journal(nil, all) == "/q/journal.db")
        #expect(
            try journal(nil, ["QUANTCELL_DATA_DIR": "", "XDG_DATA_HOME": "/share"]) == "/share/quantcell/journal.db"
        )
        #expect(
            try journal(nil, ["XDG_DATA_HOME": "share", "HOME": "/home/u"])
                == "/home/u/.local/share/quantcell/journal.db"
        )
        #expect(throws: CommandFailure.self) { try journal(nil, [:]) }
    }

    @Test func addressesToConnectTo() {
        #expect(Endpoints.connectable("tcp://*:5559") == "tcp://127.0.0.1:5559")
        #expect(Endpoints.connectable("tcp://0.0.0.0:5559") == "tcp://127.0.0.1:5559")
        #expect(Endpoints.connectable("tcp://[::]:5559") == "tcp://[::1]:5559")
        #expect(Endpoints.connectable("ipc:///run/x.sock") == "ipc:///run/x.sock")
    }

    @Test func hostsAndPorts() throws {
        let plain = try #require(SocketProbe.hostAndPort("127.0.0.1:5555"))
        #expect(plain == ("127.0.0.1", "5555"))
        let six = try #require(SocketProbe.hostAndPort("[::1]:5555"))
        #expect(six == ("::1", "5555"))
        let source = try #require(SocketProbe.hostAndPort("eth0:0;host:5555"))
        #expect(source == ("host", "5555"))
        #expect(SocketProbe.hostAndPort("host") == nil)
    }

    @Test func nobodyListensWhereThereIsNoSocket() {
        #expect(SocketProbe.probe("ipc:///nonexistent/admin.sock") == .nobody)
        guard case .failed = SocketProbe.probe("ipc:///" + String(repeating: "x", count: 200)) else {
            Issue.record("a path that no socket can have")
            return
        }
    }

    @Test(arguments: [
        (#"{"msg_type":"ack","reply_to":"1","payload":{"result":"accepted"}}"#, Answer.Outcome.accepted),
        (#"{"msg_type":"ack","reply_to":"1","payload":{"result":"done","x":1}}"#, .done),
        (#"{"msg_type":"ack","reply_to":"1","payload":{"result":"refused","reason":"no"}}"#, .refused("no")),
        (#"{"msg_type":"error","reply_to":"1","payload":{"code":"C","message":"m"}}"#, .refused("m")),
        (#"{"msg_type":"error","reply_to":"1","payload":{"code":"C"}}"#, .refused("C")),
        (#"{"msg_type":"heartbeat","reply_to":"1"}"#, .unknown),
        ("garbage", .unknown),
    ])
    func answers(text: String, outcome: Answer.Outcome) {
        let answer = Answer(Array(text.utf8))
        #expect(answer.outcome == outcome)
        #expect(answer.replyTo == (text == "garbage" ? nil : "1"))
    }
}
