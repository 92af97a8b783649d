import Foundation
import Testing
import WireProtocol

@testable import ManagerCore

/// The real Prometheus reads the page and the rules.
@Suite(.enabled(if: RealPrometheus.isThere, RealPrometheus.missing)) struct PrometheusTests {
    @Test func itScrapesTheManager() async throws {
        try await ManagerRig.run { rig in
            let manager = rig.manager
            let server = try PageServer { await manager.renderMetrics() }
            async let served: Void = server.run()
            do {
                try await scrape(rig, server)
            } catch {
                Issue.record(error)
            }
            server.stop()
            await served
        }
    }

    private func scrape(_ rig: ManagerRig, _ server: PageServer) async throws {
        try await rig.manager.startStrategy(path: try rig.echo(), config: StrategyConfig(symbols: ["A"]))
        try await rig.publish(1...7)
        let prometheus = try RealPrometheus.Server(scraping: server.port, in: rig.folder.path)
        try await wait(for: "a scrape") { try await prometheus.value("up") == 1 }
        try await wait(for: "the data") { try await prometheus.value("quantcell_worker_messages_total") == 7 }
        #expect(try await prometheus.value(#"quantcell_worker_state{worker_id="echo",state="running"}"#) == 1)
        #expect(try await prometheus.value(#"quantcell_topic_published_total{topic="market.A.kline"}"#) == 7)
        #expect(try await prometheus.value("count({__name__=~\"quantcell_.*\"})") ?? 0 > 100)
        let quantile = "histogram_quantile(0.99, sum by (le) (quantcell_journal_commit_seconds_bucket))"
        #expect(try await prometheus.value(quantile) ?? 0 > 0)
        // The page is asked for as the configuration of the project has it, and read without complaint.
        let asked = try #require(server.asked.first)
        #expect(asked.hasPrefix("GET /metrics "))
        let targets = try await prometheus.get("/api/v1/targets")["activeTargets"] as? [[String: Any]]
        #expect(targets?.first?["lastError"] as? String == "")
        // All rules are evaluated, and none of them fails.
        try await wait(for: "the rules") {
            let groups = try await prometheus.get("/api/v1/rules")["groups"] as? [[String: Any]] ?? []
            let rules = groups.flatMap { $0["rules"] as? [[String: Any]] ?? [] }
            return rules.count > 20 && rules.allSatisfy { $0["health"] as? String == "ok" }
        }

        // A worker that is stopped is gone at the next scrape, not five minutes later.
        try await rig.manager.stopWorker("echo")
        try await wait(for: "its end") { try await prometheus.value("quantcell_worker_messages_total") == nil }
        #expect(try await prometheus.value(#"quantcell_workers{state="stopped"}"#) == 1)
    }

    @Test func promtoolFindsNothingWrongWithThePage() async throws {
        try await ManagerRig.run { rig in
            try await rig.manager.startStrategy(path: try rig.echo(), config: StrategyConfig(symbols: ["A"]))
            try await rig.publish(1...3)
            let (code, text) = try RealPrometheus.tool(["check", "metrics"], input: await rig.manager.renderMetrics())
            #expect(code == 0 && text == "", "\(text)")
        }
    }

    @Test func theRulesSayWhatTheyShould() throws {
        let folder = Build.repository.appending(path: "config/prometheus")
        for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]] {
            let (code, text) = try RealPrometheus.tool(arguments, in: folder)
            #expect(code == 0, "\(text)")
        }
        let (code, text) = try RealPrometheus.tool(["check", "config", "--syntax-only", "prometheus.yml"], in: folder)
        #expect(code == 0, "\(text)")
    }

    @Test func theDashboardsQueriesAreQueries() throws {
        let data = try Data(contentsOf: Build.repository.appending(path: "config/grafana/quantcell.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let queries = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }.compactMap { $0["expr"] as? String }
        #expect(queries.count > 30)
        // As rules, so that promtool reads them: Grafana's variables are text to it.
        let rules = queries.enumerated().map { index, query in
            [
                "record": "query:\(index)",
                "expr": query.replacing("$worker", with: ".*").replacing("$instance", with: ".*"),
            ]
        }
        let file = URL(fileURLWithPath: NSTemporaryDirectory()).appending(path: "quantcell-\(UUID().uuidString).json")
        try JSONSerialization.data(withJSONObject: ["groups": [["name": "dashboard", "rules": rules]]]).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let (code, text) = try RealPrometheus.tool(["check", "rules", "--lint=none", file.path])
        #expect(code == 0, "\(text)")
    }
}
