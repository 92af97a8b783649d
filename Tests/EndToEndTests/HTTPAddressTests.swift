import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// Where the HTTP server listens, and how it is shut to others there.
@Suite struct HTTPAddressTests {
    private static let defaultPort = 8090

    /// Runs a manager that must not start, and returns how it ended.
    private func refused(_ config: String, in folder: TestFolder) throws -> Finished {
        try config.write(toFile: "\(folder.path)/config.yaml", atomically: false, encoding: .utf8)
        let ended = try Program(
            Build.program("quantcell-manager"),
            ["run", "--config", "\(folder.path)/config.yaml"],
            environment: folder.managerEnvironment,
            folder: "\(folder.path)/work"
        ).finish()
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/data/journal.db"))
        return ended
    }

    // MARK: Taken

    @Test("an address in use is told, and nothing is started")
    func addressInUse() async throws {
        try await withManager(HTTPTests.config()) { manager in
            let port = try #require(try manager.ask(.ping)["api"]?.stringValue?.split(separator: ":").last)
            let other = try TestFolder()
            defer { other.remove() }
            let second = try refused("api: {port: \(port)}", in: other)
            #expect(second.code == 69)
            #expect(second.errors.contains("HTTP cannot listen on 127.0.0.1:\(port): another program does"))
        }
    }

    @Test("a default port in use is told too, and the manager goes on without HTTP, unless it was asked for by name")
    func defaultPortInUse() async throws {
        // Where somebody else has the port, that will do as well.
        let taken = HeldPort(Self.defaultPort)
        defer { taken.release() }
        try await withFolder { folder in
            let named = try refused("api: {port: \(Self.defaultPort)}", in: folder)
            #expect(named.code == 69, "\(named.errors)")

            let manager = try TestManager("api: {}", in: folder)
            #expect(manager.log.contains("warning"), "\(manager.log)")
            #expect(
                manager.log.contains(
                    "HTTP cannot listen on 127.0.0.1:\(Self.defaultPort): another program does; stop it, or change 'api.port'"
                )
            )
            #expect(try manager.ask(.ping)["api"] == .null)
            try manager.start(Build.strategy("sma_cross"), name: "a")
            let dashboard = try manager.cli("dashboard", "--no-open")
            #expect(dashboard.code == 1)
            #expect(dashboard.errors.contains("serves no HTTP: HTTP cannot listen on"), "\(dashboard.errors)")
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    // MARK: For others to reach

    @Test("an address that others can reach needs encryption, or somebody who says that it does not")
    func publicAddress() async throws {
        try await withFolder { folder in
            let open = try refused("api: {host: 0.0.0.0, port: 0}", in: folder)
            #expect(open.code == 78)
            #expect(open.errors.contains("'api.insecure: true'"))
            let half = try refused("api: {host: 0.0.0.0, port: 0, tls: {certificate: a.pem}}", in: folder)
            #expect(half.code == 78)
            let missing = try refused("api: {port: 0, tls: {certificate: a.pem, key: b.pem}}", in: folder)
            #expect(missing.code == 69)
            #expect(missing.errors.contains("'api.tls' cannot be used: \(folder.path)/a.pem"), "\(missing.errors)")

            let manager = try TestManager("api: {host: 0.0.0.0, port: 0, insecure: true}", in: folder)
            #expect(try HTTPClient(manager).get("/ready").status == 200)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    private static let hasOpenSSL = access("/usr/bin/openssl", X_OK) == 0

    @Test(
        "with a certificate all is encrypted, the session's cookie too, and nothing else is understood",
        .enabled(if: hasOpenSSL, "openssl is not installed: no certificate can be made")
    )
    func encryption() async throws {
        try await withFolder { folder in
            try certificate(folder)
            let manager = try TestManager(
                "api: {host: 0.0.0.0, port: 0, tls: {certificate: c.pem, key: k.pem}}",
                in: folder
            )
            let address = try #require(try manager.ask(.ping)["api"]?.stringValue)
            #expect(address.hasPrefix("https://127.0.0.1:"))
            let link = try #require(try manager.cli("dashboard", "--no-open").lines.last.map(String.init))
            #expect(link.hasPrefix("\(address)/login?code="))
            let token = try #require(
                try manager.cli("token", "new", "--name", "t", "--scope", "operate").lines.last.map(String.init)
            )
            let seen = try JSONValue(parsing: try python(manager, Self.encryptedClient, address, token, link))
            #expect(seen["health"] == 200)
            #expect(seen["without_token"] == 401)
            #expect(seen["workers"] == 200)
            #expect(seen["login"] == 200)
            let cookie = try #require(seen["cookie"]?.stringValue)
            for part in ["; Secure", "; HttpOnly", "; SameSite=Strict"] { #expect(cookie.contains(part), "\(cookie)") }
            #expect(seen["by_cookie"] == 200)
            #expect(seen["event"]?.stringValue?.contains("event: snapshot") == true)
            #expect(seen["old_version"]?.stringValue?.isEmpty == false)
            #expect(seen["untrusted"]?.stringValue?.contains("CERTIFICATE_VERIFY_FAILED") == true)

            // Whoever does not encrypt is told nothing.
            let plain = try HTTPConnection(address)
            plain.send("GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            #expect(throws: Waited.self) { try plain.until("HTTP/1.") }
            #expect(try manager.ask(.ping)["api"] == .string(address))
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    /// Makes a key and a certificate of its own for this machine.
    private func certificate(_ folder: TestFolder) throws {
        let made = try Program(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", "\(folder.path)/k.pem", "-out", "\(folder.path)/c.pem",
            ],
            environment: folder.environment,
            folder: "\(folder.path)/work"
        ).finish()
        try #require(made.code == 0, "\(made.errors)")
    }

    private func python(_ manager: TestManager, _ script: String, _ arguments: String...) throws -> String {
        let done = try manager.program("/usr/bin/env", ["python3", "-c", script, manager.folder] + arguments).finish()
        try #require(done.code == 0, "\(done.errors)")
        return done.output
    }

    private static let encryptedClient = """
        import http.client, json, ssl, sys
        folder, address, token, link = sys.argv[1:]
        port = int(address.rsplit(":", 1)[1])
        trusting = ssl.create_default_context(cafile=folder + "/c.pem")
        def ask(path, headers={}):
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=60)
            connection.request("GET", path, headers=headers)
            return connection.getresponse()
        def failure(context):
            try:
                http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60).request("GET", "/health")
                return ""
            except OSError as error:
                return str(error) or type(error).__name__
        bearer = {"authorization": "Bearer " + token}
        login = ask(link[len(address):])
        cookie = login.getheader("set-cookie")
        events, event = ask("/api/v1/events", bearer), ""
        while "event:" not in event:
            event = events.readline().decode()
        old = ssl.create_default_context(cafile=folder + "/c.pem")
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        print(json.dumps({
            "health": ask("/health").status, "without_token": ask("/api/v1/workers").status,
            "workers": ask("/api/v1/workers", bearer).status, "login": login.status, "cookie": cookie,
            "by_cookie": ask("/api/v1/session", {"cookie": cookie.split(";")[0]}).status,
            "event": event, "old_version": failure(old),
            "untrusted": failure(ssl.create_default_context()),
        }))
        """

    // MARK: A Unix socket

    @Test("a Unix socket is the owner's alone, and gone with the manager")
    func unixSocket() async throws {
        try await withFolder { folder in
            let path = "\(folder.path)/http/api.sock"
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/http",
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o755]
            )
            let config = "api: {unix_socket: http/api.sock}"
            let open = try refused(config, in: folder)
            #expect(open.code == 69)
            #expect(open.errors.contains("must be yours, and closed to others: chmod 700"), "\(open.errors)")

            try FileManager.default.removeItem(atPath: "\(folder.path)/http")
            let manager = try TestManager(config, in: folder)
            #expect(try manager.ask(.ping)["api"] == .string("unix:\(path)"))
            #expect(try mode(path) == 0o600)
            #expect(try mode("\(folder.path)/http") == 0o700)
            let token = try #require(
                try manager.cli("token", "new", "--name", "t", "--scope", "operate").lines.last.map(String.init)
            )
            let seen = try JSONValue(parsing: try python(manager, Self.unixClient, path, token))
            #expect(seen == ["health": 200, "without_token": 401, "workers": 200, "stop": 404, "other_name": 403])
            let command = try #require(try manager.entries(kind: "command").last { $0["cause"] == "stop" })
            #expect(command["who"] == "token:t" && command["from"] == "http:unix", "\(command.text)")
            let dashboard = try manager.cli("dashboard", "--no-open")
            #expect(dashboard.errors.contains("where no browser gets"), "\(dashboard.errors)")

            // A second manager does not take it away from this one.
            var other = try TestFolder()
            defer { other.remove() }
            other.environment["QUANTCELL_API_UNIX_SOCKET"] = path
            let second = try refused("api: {}", in: other)
            #expect(second.code == 69)
            #expect(second.errors.contains("is in use by another program"), "\(second.errors)")
            #expect(try manager.stop() == .exited(code: 0))
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private static let unixClient = """
        import http.client, json, socket, sys
        path, token = sys.argv[2:]
        def ask(method, target, headers={}, host="localhost"):
            connection = http.client.HTTPConnection(host, timeout=60)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(path)
            connection.request(method, target, headers=headers)
            return connection.getresponse().status
        bearer = {"authorization": "Bearer " + token}
        print(json.dumps({
            "health": ask("GET", "/health"), "without_token": ask("GET", "/api/v1/workers"),
            "workers": ask("GET", "/api/v1/workers", bearer), "stop": ask("POST", "/api/v1/workers/nobody/stop", bearer),
            "other_name": ask("GET", "/health", host="evil.example"),
        }))
        """
}

/// Listens on a port of this machine and answers nobody; where another program does, that is left to it.
private struct HeldPort {
    private let descriptor: Int32

    init(_ port: Int) {
        descriptor = NetworkConfig.listen(port)
    }

    func release() {
        if descriptor >= 0 { close(descriptor) }
    }
}
