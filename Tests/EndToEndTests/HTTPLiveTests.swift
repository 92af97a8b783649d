import Foundation
import ProcessControl
import Testing
import WireProtocol

/// The live events over HTTP.
@Suite struct HTTPLiveTests {
    /// The data of server-sent events, by their ids, as they come.
    private func events(_ connection: HTTPConnection, through last: Int64) throws -> [Int64] {
        var ids: [Int64] = []
        while ids.last.map({ $0 < last }) ?? true {
            let block = try connection.until("\n\n")
            guard block.contains("event: journal") else { continue }
            let line = try #require(block.split(separator: "\n").first { $0.contains("id: ") })
            ids.append(try #require(Int64(line.drop { $0 != ":" }.dropFirst(2))))
        }
        return ids
    }

    private func lastSequence(_ manager: TestManager) throws -> Int64 {
        try #require(try manager.ask(.journal, nil, ["limit": 1])["last_seq"]?.integerValue)
    }

    @Test("a client that comes back goes on where it was: nothing twice, nothing left out, in order")
    func resume() async throws {
        try await withManager(HTTPTests.config()) { manager in
            let client = try HTTPClient(manager)
            try manager.start(Build.strategy("sma_cross"), name: "a")
            try manager.publish([1])
            let first = try HTTPConnection(client.address)
            first.send(client.request("GET", "/api/v1/events"))
            let snapshot = try first.until("event: snapshot") + first.until("\n\n")
            let text = try #require(snapshot.split(separator: "\n").last { $0.hasPrefix("data: ") })
            let state = try JSONValue(parsing: String(text.dropFirst(6)))
            let begin = try #require(state["seq"]?.integerValue)
            #expect(state["workers"]?.arrayValue?.count == 1 && state["topics"]?.arrayValue?.isEmpty == false)

            func change(_ times: Int) throws -> Int64 {
                for _ in 0..<times {
                    _ = try manager.ask(.pause, "a")
                    _ = try manager.ask(.resume, "a")
                }
                return try lastSequence(manager)
            }
            let middle = try change(5)
            #expect(try events(first, through: middle) == Array(begin + 1...middle))

            let last = try change(20)
            let second = try HTTPConnection(client.address)
            second.send(client.request("GET", "/api/v1/events", nil, ["last-event-id: \(middle)"]))
            let end = try change(5)
            #expect(try events(second, through: end) == Array(middle + 1...end))
            #expect(try events(first, through: end) == Array(middle + 1...end))
            #expect(last < end)

            let filtered = try HTTPConnection(client.address)
            filtered.send(client.request("GET", "/api/v1/events?kinds=transition&workers=a&after=\(begin)"))
            let wanted = try manager.entries(of: "a", kind: "transition").compactMap { $0["seq"]?.integerValue }
                .filter { $0 > begin }
            #expect(try events(filtered, through: try #require(wanted.last)) == wanted)
        }
    }

    @Test("a client that does not read is cut off, and disturbs nobody")
    func slowClient() async throws {
        try await withManager(HTTPTests.config()) { manager in
            let client = try HTTPClient(manager)
            try manager.start(Build.strategy("sma_cross"), name: "a")
            let slow = try HTTPConnection(client.address)
            slow.send(client.request("GET", "/api/v1/events?after=0"))
            let quick = try HTTPConnection(client.address)
            quick.send(client.request("GET", "/api/v1/events?after=0"))
            // More than the buffers of the kernel and of the server hold.
            for number in 0..<250 {
                let detail = String(repeating: "x", count: 60_000)
                _ = try? manager.ask(.pause, "nobody-\(number)", ["padding": .string(detail)])
                guard number % 10 == 9 else { continue }
                let last = try lastSequence(manager)
                #expect(try events(quick, through: last).last == last)
            }
            try manager.asking("the one that does not read is cut off") { try !slow.isHeldOpen() }
            // It can still read what was under way, and then finds the end.
            try slow.untilClosed()
            #expect(try client.get("/api/v1/workers/a").data["worker"]?["state"] == "running")
        }
    }

    @Test("a WebSocket tells the same, takes filters, and goes on where it was")
    func webSocket() async throws {
        try await withManager(HTTPTests.config()) { manager in
            let client = try HTTPClient(manager)
            try manager.start(Build.strategy("sma_cross"), name: "a")
            let socket = try WebSocket(client, "/api/v1/ws?kinds=transition")
            let snapshot = try socket.next()
            #expect(snapshot["type"] == "snapshot")
            let begin = try #require(snapshot["seq"]?.integerValue)
            _ = try manager.ask(.pause, "a")
            let paused = try socket.next()
            #expect(paused["type"] == "event" && paused["data"]?["to_state"] == "paused")

            socket.send(#"{"type":"filter","kinds":["command"]}"#)
            // What was sent before the filter came there is still of the old one.
            socket.ping()
            _ = try manager.ask(.resume, "a")
            var kinds: Set<String> = []
            try manager.asking("a command comes") {
                kinds.insert(try socket.next()["data"]?["kind"]?.stringValue ?? "")
                return kinds.contains("command")
            }

            let last = try lastSequence(manager)
            let again = try WebSocket(client, "/api/v1/ws?after=\(begin)")
            var sequences: [Int64] = []
            while sequences.last != last { sequences.append(try #require(try again.next()["seq"]?.integerValue)) }
            #expect(sequences == Array(begin + 1...last))

            again.send("nonsense")
            #expect(try again.next()["type"] == "error")
            try again.connection.untilClosed()
            let stranger = try HTTPConnection(client.address)
            stranger.send(client.request("GET", "/api/v1/ws", nil, WebSocket.headers + ["authorization: -"]))
            #expect(try stranger.response().status == 401)
        }
    }

    @Test("the manager ends although streams are open")
    func shutdown() async throws {
        try await withFolder { folder in
            let manager = try TestManager(HTTPTests.config(), in: folder)
            let client = try HTTPClient(manager)
            let stream = try HTTPConnection(client.address)
            stream.send(client.request("GET", "/api/v1/events"))
            _ = try stream.until("event: snapshot")
            let socket = try WebSocket(client, "/api/v1/ws")
            _ = try socket.next()
            let idle = try HTTPConnection(client.address)
            idle.send(client.request("GET", "/health"))
            _ = try idle.response()
            let start = ContinuousClock.now
            #expect(try manager.stop() == .exited(code: 0))
            #expect(.now - start < .seconds(8), "it waited for a client")
        }
    }
}

/// A WebSocket, as far as these tests need one.
private final class WebSocket {
    static let headers = [
        "upgrade: websocket", "connection: Upgrade", "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    let connection: HTTPConnection

    init(_ client: HTTPClient, _ path: String) throws {
        connection = try HTTPConnection(client.address)
        connection.send(client.request("GET", path, nil, Self.headers))
        let head = try connection.until("\r\n\r\n")
        try #require(head.hasPrefix("HTTP/1.1 101"), "\(head)")
        #expect(head.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
    }

    /// The next text message.
    func next() throws -> JSONValue {
        while true {
            let head = try connection.bytes(2)
            var length = Int(head[1] & 0x7F)
            if length == 126 { length = try connection.bytes(2).reduce(0) { $0 << 8 | Int($1) } }
            if length == 127 { length = try connection.bytes(8).reduce(0) { $0 << 8 | Int($1) } }
            let body = try connection.bytes(length)
            if head[0] & 0x0F == 1 { return try JSONValue(parsing: String(decoding: body, as: UTF8.self)) }
        }
    }

    func send(_ text: String) { frame(0x81, Array(text.utf8)) }

    func ping() { frame(0x89, []) }

    private func frame(_ first: UInt8, _ body: [UInt8]) {
        let mask: [UInt8] = [1, 2, 3, 4]
        let masked = body.enumerated().map { $1 ^ mask[$0 % 4] }
        connection.send([first, 0x80 | UInt8(body.count)] + mask + masked)
    }
}
