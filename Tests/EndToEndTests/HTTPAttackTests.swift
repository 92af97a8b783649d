import CLinux
import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// What hostile clients do to the HTTP server of a real manager: nobody gets in, nothing falls over, and what runs goes on.
@Suite struct HTTPAttackTests {
    /// Short times, so that those who dawdle are cut off while a test waits.
    private static let config = HTTPTests.config(
        "",
        ", limits: {request_timeout: 500ms, idle_timeout: 1s, connections: 32}"
    )

    /// Runs an attack while a strategy runs, and checks that the strategy and the server are as well as before.
    private func attack(
        _ config: String = config,
        _ body: @Sendable (TestManager, HTTPClient) throws -> Void
    ) async throws {
        try await withManager(config) { manager in
            let client = try HTTPClient(manager)
            try manager.start(Build.strategy("sma_cross"), name: "bystander")
            let before = try manager.status("bystander")
            try body(manager, client)
            // By a token of its own: the attack may have used up what the other one is allowed.
            let witness = try HTTPClient(manager, name: "witness")
            #expect(try witness.get("/health").status == 200)
            let after = try witness.get("/api/v1/workers/bystander").data["worker"]
            #expect(after?["state"] == "running")
            #expect(after?["pid"] == before["pid"] && after?["restarts"] == 0)
        }
    }

    @Test("without a token, with a wrong one, or one that was revoked, nobody gets in anywhere but at /health")
    func strangers() async throws {
        try await attack { manager, client in
            let paths = [
                "/", "/ready", "/openapi.json", "/api/v1/status", "/api/v1/workers", "/api/v1/journal",
                "/api/v1/events",
                "/api/v1/ws", "/api/v1/tokens", "/nothing", "/assets/x.js", "/api/v1/workers/bystander/stop",
            ]
            let strangers = [
                "authorization: -", "authorization: Bearer qc_wrong", "authorization: Bearer ",
                "authorization: Basic eDp5",
                "authorization: Bearer \(client.token)x", "authorization: Bearer \(client.token.dropLast())",
                "authorization: Bearer \(String(repeating: "x", count: 4000))",
            ]
            for header in strangers {
                for path in paths {
                    let method = path.hasSuffix("/stop") ? "POST" : "GET"
                    #expect(try client.ask(method, path, headers: [header]).status == 401, "\(path) \(header)")
                }
            }
            #expect(try client.ask("GET", "/health", headers: ["authorization: -"]).status == 200)
            #expect(try client.ask("GET", "/login?code=x", headers: ["authorization: -"]).status == 401)
            #expect(try client.get("/api/v1/workers").status == 200)
            let other = try HTTPClient(manager, name: "other")
            #expect(try other.get("/api/v1/workers").status == 200)
            _ = try manager.cli("token", "revoke", "other")
            #expect(try other.get("/api/v1/workers").status == 401)
        }
    }

    @Test("a token does what its scope says, and no more")
    func scopes() async throws {
        try await attack { manager, client in
            let reader = try HTTPClient(manager, scope: "read", name: "reader")
            let dealer = try HTTPClient(manager, scope: "operate", name: "operator")
            #expect(try reader.get("/api/v1/workers").status == 200)
            for (method, path) in [
                ("POST", "/api/v1/workers/bystander/stop"), ("DELETE", "/api/v1/workers/bystander"),
                ("POST", "/api/v1/workers"), ("POST", "/api/v1/market-data"), ("POST", "/api/v1/workers/scale"),
                ("GET", "/api/v1/tokens"),
            ] {
                let answer = try reader.ask(method, path, method == "POST" ? "{}" : nil)
                #expect(answer.status == 403 && answer.code == "FORBIDDEN", "\(method) \(path)")
            }
            #expect(try dealer.ask("POST", "/api/v1/workers/bystander/pause").status == 200)
            #expect(try dealer.ask("POST", "/api/v1/workers/bystander/resume").status == 200)
            #expect(try dealer.ask("POST", "/api/v1/tokens", #"{"name":"x","scope":"admin"}"#).status == 403)
            #expect(try client.get("/api/v1/tokens").data["tokens"]?.arrayValue?.count == 3)
        }
    }

    @Test("a page of another server gets nothing: not by its own name, not across origins, not with the cookie")
    func otherPages() async throws {
        try await attack { manager, client in
            for host in ["evil.example", "127.0.0.1.evil.example", "localhost:x", "", "[::1", "127.0.0.1:99999999"] {
                let answer = try client.ask("GET", "/api/v1/workers", headers: ["host: \(host)"])
                #expect(answer.status == 403 || answer.status == 400, "\(host)")
            }
            #expect(try client.ask("GET", "/api/v1/workers", headers: ["host: LOCALHOST:1"]).status == 200)
            for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "https://\(client.host).evil.example"] {
                let stop = try client.ask(
                    "POST",
                    "/api/v1/workers/bystander/stop",
                    "{}",
                    headers: ["origin: \(origin)"]
                )
                #expect(stop.status == 403, "\(origin)")
            }

            let link = try #require(try manager.cli("dashboard", "--no-open").lines.last.map { String($0) })
            let path = String(link.dropFirst(client.address.count))
            let login = try client.ask("GET", path, headers: ["authorization: -"])
            #expect(login.status == 200)
            let cookie = try #require(login.headers["set-cookie"])
            for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] { #expect(cookie.contains(attribute)) }
            #expect(try client.ask("GET", path, headers: ["authorization: -"]).status == 401, "a link is good once")
            let session = ["authorization: -", "cookie: \(cookie.prefix { $0 != ";" })"]
            #expect(try client.ask("GET", "/api/v1/session", headers: session).data["scope"] == "operate")
            let blind = try client.ask("POST", "/api/v1/workers/bystander/stop", "{}", headers: session)
            #expect(blind.status == 403, "a cookie alone changes nothing")
            let own = session + ["origin: \(client.address)"]
            #expect(try client.ask("POST", "/api/v1/workers/bystander/pause", "{}", headers: own).status == 200)
            #expect(try client.ask("POST", "/api/v1/workers/bystander/resume", "{}", headers: own).status == 200)
            #expect(try client.ask("POST", "/logout", "{}", headers: own).status == 200)
            #expect(try client.ask("GET", "/api/v1/session", headers: session).status == 401)

            let answer = try client.get("/api/v1/workers")
            #expect(answer.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
            #expect(answer.headers["x-content-type-options"] == "nosniff")
            #expect(answer.headers["access-control-allow-origin"] == nil)
        }
    }

    @Test("nothing outside of the strategy folders is started, by whatever way its path goes there")
    func traversal() async throws {
        try await withFolder { folder in
            let strategies = "\(folder.path)/strategies"
            try FileManager.default.createDirectory(atPath: strategies, withIntermediateDirectories: false)
            try FileManager.default.copyItem(atPath: Build.strategy("sma_cross"), toPath: "\(strategies)/inside.swift")
            try FileManager.default.copyItem(
                atPath: Build.strategy("sma_cross"),
                toPath: "\(folder.path)/outside.swift"
            )
            // Its name begins as that of the folder.
            try FileManager.default.createDirectory(atPath: strategies + "-not", withIntermediateDirectories: false)
            try FileManager.default.copyItem(atPath: Build.strategy("sma_cross"), toPath: "\(strategies)-not/x.swift")
            symlink("\(folder.path)/outside.swift", "\(strategies)/link.swift")
            symlink(folder.path, "\(strategies)/up")
            symlink("\(strategies)/inside.swift", "\(strategies)/good.swift")
            let manager = try TestManager(HTTPTests.config(strategies), in: folder)
            defer { _ = try? manager.stop() }
            let client = try HTTPClient(manager)
            for path in [
                "../outside.swift", "\(folder.path)/outside.swift", "link.swift", "up/outside.swift",
                "\(strategies)/../outside.swift", "\(strategies)-not/x.swift", "../strategies-not/x.swift",
                "/etc/passwd",
                "/bin/sh", "/proc/self/exe", ".", "", "nothing.swift", "a\\u0000b", "%2e%2e/outside.swift",
                String(repeating: "../", count: 500) + "bin/sh",
            ] {
                let answer = try client.ask("POST", "/api/v1/workers", #"{"path":"\#(path)","name":"evil"}"#)
                #expect([400, 403].contains(answer.status), "\(path): \(answer)")
                let scaled = try client.ask("POST", "/api/v1/workers/scale", #"{"strategy":"/\#(path)","instances":1}"#)
                #expect([400, 403].contains(scaled.status), "\(path): \(scaled)")
            }
            #expect(try client.get("/api/v1/workers").data["workers"] == [])
            #expect(try client.get("/assets/../../../etc/passwd").status == 404)
            #expect(try client.get("/assets/%2e%2e/%2e%2e/etc/passwd").status == 404)
            #expect(try client.ask("POST", "/api/v1/workers", #"{"path":"good.swift","name":"good"}"#).status == 201)
        }
    }

    @Test("who dawdles over a request, or never makes one, is cut off")
    func slowLoris() async throws {
        try await attack { _, client in
            let silent = try HTTPConnection(client.address)
            let slow = try HTTPConnection(client.address)
            slow.send("GET /health HTTP/1.1\r\nhost: \(client.host)\r\nx-slow: ")
            let halfBody = try HTTPConnection(client.address)
            halfBody.send(
                client.request(
                    "POST",
                    "/api/v1/market-data",
                    nil,
                    ["content-type: application/json", "content-length: 100"]
                ) + "{"
            )
            // Each is told nothing, or why; then the connection ends.
            for connection in [silent, slow, halfBody] { try connection.untilClosed() }
            let kept = try HTTPConnection(client.address)
            kept.send(client.request("GET", "/health"))
            #expect(try kept.response().status == 200)
            try kept.untilClosed()
        }
    }

    @Test("many connections: those who are known get through, and the strangers make room for one another")
    func manyConnections() async throws {
        try await attack { _, client in
            let known = try HTTPConnection(client.address)
            known.send(client.request("GET", "/api/v1/events"))
            _ = try known.until("event: snapshot")
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // As many as this process may have open, 10,000 at most.
            let count = min(10_000, Int(clamping: limit.rlim_cur) - 600)
            var connections: [HTTPConnection] = []
            for number in 0..<count {
                connections.append(try HTTPConnection(client.address))
                if number % 1000 == 0 { #expect(try client.get("/api/v1/workers").status == 200) }
            }
            #expect(try client.get("/api/v1/workers").status == 200)
            connections = []
            // The one that came first, with a token, is still there.
            _ = try client.ask("POST", "/api/v1/workers/bystander/pause")
            _ = try client.ask("POST", "/api/v1/workers/bystander/resume")
            _ = try known.until("\"to_state\":\"paused\"")
        }
    }

    @Test("a body of a gigabyte is cut off at the limit, announced or not, with a token or without")
    func hugeBody() async throws {
        try await attack { manager, client in
            let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            let before = try residentBytes(manager)
            for header in ["authorization: Bearer \(client.token)", "authorization: -"] {
                for announced in [true, false] {
                    let connection = try HTTPConnection(client.address)
                    let length = announced ? "content-length: \(1 << 30)" : "transfer-encoding: chunked"
                    let headers = [header, "content-type: application/json", length]
                    connection.send(client.request("POST", "/api/v1/market-data", nil, headers))
                    var sent = 0
                    for _ in 0..<1024 {
                        if !announced, !connection.send("100000\r\n") { break }
                        guard connection.send(chunk) else { break }
                        if !announced { connection.send("\r\n") }
                        sent += chunk.count
                    }
                    #expect(sent < 64 << 20, "\(sent) bytes were taken")
                }
                let polite = try client.ask(
                    "POST",
                    "/api/v1/market-data",
                    headers: [header, "content-type: application/json", "content-length: \(1 << 30)"]
                )
                #expect(polite.status == (header.hasSuffix("-") ? 401 : 413))
            }
            #expect(try residentBytes(manager) - before < 32 << 20)
        }
    }

    @Test("header bombs and garbage end the connection that they come on")
    func headerBombs() async throws {
        try await attack { _, client in
            let start = "GET /health HTTP/1.1\r\nhost: \(client.host)\r\n"
            let attacks: [String] = [
                start + "x: " + String(repeating: "y", count: 1 << 20),
                start + String(repeating: "x: y\r\n", count: 100_000),
                start + String(repeating: "x", count: 1 << 20) + ": y\r\n",
                "GET /" + String(repeating: "a", count: 1 << 20) + " HTTP/1.1\r\n",
                String(repeating: "A", count: 1 << 20),
                start + "content-length: 99999999999999999999999\r\n\r\n",
                start + "content-length: 1\r\ncontent-length: 2\r\n\r\n",
                start + "transfer-encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
                "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\u{00}\u{01}", "\u{0}\u{0}\u{0}\u{0}",
            ]
            for attack in attacks {
                let connection = try HTTPConnection(client.address)
                connection.send(attack)
                try connection.untilClosed()
            }
        }
    }

    @Test("too many requests of one token are refused, and others are not")
    func flood() async throws {
        try await attack(HTTPTests.config("", ", limits: {requests_per_second: 20}")) { manager, client in
            let connection = try HTTPConnection(client.address)
            var statuses: [Int: Int] = [:]
            for _ in 0..<100 {
                connection.send(client.request("GET", "/api/v1/workers"))
                statuses[try connection.response().status, default: 0] += 1
            }
            #expect((statuses[429] ?? 0) > 0 && (statuses[200] ?? 0) >= 20, "\(statuses)")
            let other = try HTTPClient(manager, scope: "read", name: "other")
            #expect(try other.get("/api/v1/workers").status == 200)
            // The bucket of the first one fills again.
            try manager.asking("the first one gets through") { try client.get("/api/v1/workers").status == 200 }
        }
    }

    private func residentBytes(_ manager: TestManager) throws -> Int {
        let statm = try String(contentsOfFile: "/proc/\(manager.process.pid)/statm", encoding: .utf8)
        let pages = try #require(statm.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return pages * 4096
    }
}
