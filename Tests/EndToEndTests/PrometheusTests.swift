import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// The real Prometheus scrapes the real manager, with the project's own configuration.
@Suite struct PrometheusTests {
    /// Prometheus or promtool: from the path, or from where `.ci/setup.sh test` has unpacked them.
    private static func program(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders =
            path.split(separator: ":").map(String.init)
            + [Build.repository.appending(path: ".build/prometheus/usr/bin").path]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    private static let isThere = program("prometheus") != nil && program("promtool") != nil

    @Test(.enabled(if: isThere, "prometheus is not installed; .ci/setup.sh test fetches it"))
    func itScrapesTheManagerWithItsToken() async throws {
        try await withFolder { folder in
            let manager = try TestManager("api: {enabled: true, port: 0}", in: folder)
            let port = try manager.until("where it listens") {
                try manager.ask(.ping)["api"]?.stringValue?.split(separator: ":").last.flatMap { UInt16($0) }
            }
            try manager.start(manager.actor, name: "a")
            try manager.publish([1, 2, 3])
            _ = try manager.untilSignals(of: "a", 3)

            // As the configuration says that it is done.
            let made = try manager.cli("token", "new", "--name", "prometheus", "--scope", "read")
            try #require(made.code == 0, "\(made.errors)")
            let token = try #require(made.lines.last)
            try "\(token)\n".write(toFile: "\(folder.path)/work/token", atomically: false, encoding: .utf8)
            let config = Build.repository.appending(path: "config/prometheus")
            let text = try String(contentsOf: config.appending(path: "prometheus.yml"), encoding: .utf8)
                .replacing("127.0.0.1:8090", with: "127.0.0.1:\(port)").replacing("15s", with: "2s")
            try text.write(toFile: "\(folder.path)/work/prometheus.yml", atomically: false, encoding: .utf8)
            try FileManager.default.copyItem(
                atPath: config.appending(path: "alerts.yml").path,
                toPath: "\(folder.path)/work/alerts.yml"
            )
            let prometheus = try Program(
                "/bin/sh",
                ["-c", "exec \"$0\" \"$@\" 2>&1"] + [
                    try #require(Self.program("prometheus")), "--config.file=prometheus.yml",
                    "--storage.tsdb.path=tsdb", "--web.listen-address=127.0.0.1:0",
                ],
                environment: folder.environment,
                folder: "\(folder.path)/work"
            )
            let line = try prometheus.line("where it listens") { $0.contains("msg=\"Listening on\"") }
            let address = try #require(line.firstMatch(of: /address=(127\.0\.0\.1:\d+)/)?.1)
            try prometheus.line("that it is ready") { $0.contains("Server is ready") }
            for (query, value) in [
                ("up", "1"), (#"quantcell_worker_messages_total{worker_id="a"}"#, "3"),
                (#"quantcell_worker_state{worker_id="a",state="running"}"#, "1"), ("quantcell_journal_failing", "0"),
            ] {
                try manager.asking("\(query) is \(value)") {
                    try ask(folder, "http://\(address)", query).contains("=> \(value) @")
                }
            }
            // Neither an unknown nor no token gets in; what is wrong stands in the answer.
            for header in ["Bearer qc_wrong", nil] {
                #expect(try status(folder, port, header) == "401")
            }
            #expect(try status(folder, port, "Bearer \(token)") == "200")
            try prometheus.send(.term)
            _ = try prometheus.finish()
            #expect(try manager.stop() == .exited(code: 0))
            // What opens the door is in no log and in no journal.
            #expect(!manager.log.contains(token))
        }
    }

    private func ask(_ folder: TestFolder, _ server: String, _ query: String) throws -> String {
        try Program(
            try #require(Self.program("promtool")),
            ["query", "instant", server, query],
            environment: folder.environment,
            folder: "\(folder.path)/work"
        ).finish().output
    }

    private func status(_ folder: TestFolder, _ port: UInt16, _ authorization: String?) throws -> String {
        let script = """
            import sys, http.client
            c = http.client.HTTPConnection("127.0.0.1", \(port), timeout=60)
            c.request("GET", "/metrics", headers={"Authorization": sys.argv[1]} if len(sys.argv) > 1 else {})
            print(c.getresponse().status)
            """
        let ended = try Program(
            "/usr/bin/env",
            ["python3", "-c", script] + (authorization.map { [$0] } ?? []),
            environment: folder.environment,
            folder: "\(folder.path)/work"
        ).finish()
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
