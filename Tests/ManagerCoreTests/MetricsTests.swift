import Foundation
import Testing
import WireProtocol

@testable import ManagerCore

/// The page of metrics of a manager with real workers.
@Suite struct MetricsTests {
    private func look(at rig: ManagerRig) async throws -> PrometheusPage {
        try PrometheusPage(await rig.manager.renderMetrics())
    }

    /// A manager that has seen a bit of everything: data, a refusal, a death, a restart, a stop.
    private func live(_ rig: ManagerRig) async throws {
        let path = try rig.echo()
        for name in ["echo", "other"] {
            try await rig.manager.startStrategy(path: path, config: StrategyConfig(name: name, symbols: ["A"]))
        }
        try await rig.publish(1...20)
        await #expect(throws: ProtocolError.self) {
            try await rig.manager.publishMarketData(symbol: "A", dataType: "kline", data: ["open": "x"])
        }
        try await wait(for: "all signals") { rig.signals == 40 }
        let client = try AdminClient(rig)
        // What a process has counted is known from its heartbeats, which it must have the time for.
        try await wait(for: "heartbeats of both") {
            try ["echo", "other"].allSatisfy {
                let worker = try client.ask(Message(.status, workerID: $0)).payload["worker"]
                return worker?["messages_processed"] == 20 && worker?["signals_emitted"] == 20
            }
        }
        let pid = try #require(
            try client.ask(Message(.status, workerID: "echo")).payload["worker"]?["pid"]?.integerValue
        )
        kill(Int32(pid), SIGKILL)
        try await wait(for: "a restart") { try rig.states(of: "echo").filter { $0 == "running" }.count == 2 }
        #expect(try client.ask(Message(.pause, workerID: "nobody")).payload["result"] == "refused")
        #expect(try client.ask(Message(.restart, workerID: "other")).payload["result"] == "done")
    }

    @Test func everythingThatHappensIsOnThePage() async throws {
        try await ManagerRig.run { rig in
            try await live(rig)
            let page = try await look(at: rig)
            #expect(page["quantcell_workers{state=\"running\"}"] == 2)
            #expect(page["quantcell_workers{state=\"error\"}"] == 0)
            #expect(page["quantcell_worker_state{worker_id=\"echo\",state=\"running\"}"] == 1)
            #expect(page["quantcell_worker_messages_total{worker_id=\"echo\"}"] == 20)
            #expect(page["quantcell_worker_signals_total{worker_id=\"echo\"}"] == 20)
            #expect(page["quantcell_failures_total{cause=\"signal\"}"] == 1)
            #expect(page["quantcell_failures_total{cause=\"frozen\"}"] == 0)
            #expect(page["quantcell_restarts_total{cause=\"signal\"}"] == 1)
            #expect(page["quantcell_restarts_total{cause=\"requested\"}"] == 1)
            #expect(page["quantcell_worker_restarts_total{worker_id=\"echo\"}"] == 1)
            #expect(page["quantcell_failure_detection_seconds_count{cause=\"signal\"}"] == 1)
            #expect(page["quantcell_recovery_seconds_count{cause=\"signal\"}"] == 1)
            #expect(page["quantcell_topic_published_total{topic=\"market.A.kline\"}"] == 20)
            #expect(page["quantcell_topic_refused_total{topic=\"market.A.kline\"}"] == 1)
            #expect(page["quantcell_market_data_received_total"] == 21)
            #expect(page["quantcell_commands_total{command=\"pause\",result=\"refused\"}"] == 1)
            #expect(page["quantcell_journal_failing"] == 0)
            #expect(page["quantcell_topics"] == 1)
            #expect(page["quantcell_topics_not_shown"] == 0)
            #expect(page["quantcell_metrics_dropped_series_total"] == 0)
            for name in [
                "process_resident_memory_bytes", "process_open_fds", "quantcell_journal_file_bytes",
                "quantcell_record_file_bytes", "quantcell_journal_commit_seconds_count",
                "quantcell_record_commit_seconds_count", "quantcell_pool_claims_total",
                "quantcell_worker_resident_memory_bytes{worker_id=\"echo\"}",
                "quantcell_worker_threads{worker_id=\"echo\"}",
            ] {
                #expect(page[name] ?? 0 > 0, "\(name)")
            }
            let age = try #require(page["quantcell_worker_heartbeat_age_seconds{worker_id=\"echo\"}"])
            #expect((0..<30).contains(age))
            let start = try #require(page["process_start_time_seconds"])
            #expect(abs(start - Date().timeIntervalSince1970) < 86_400)
        }
    }

    @Test func aWorkerThatIsStoppedHasNoSeries() async throws {
        try await ManagerRig.run { rig in
            try await rig.manager.startStrategy(path: try rig.echo(), config: StrategyConfig(symbols: ["A"]))
            #expect(try await look(at: rig).text.contains("worker_id=\"echo\""))
            try await rig.manager.stopWorker("echo")
            let page = try await look(at: rig)
            #expect(!page.text.contains("worker_id=\"echo\""))
            #expect(page["quantcell_workers{state=\"stopped\"}"] == 1)
        }
    }

    @Test func aManagerThatDoesNotRunShowsItsProcess() async throws {
        let rig = try ManagerRig(ManagerRig.settings(spares: 0))
        let page = try await look(at: rig)
        #expect(page["process_resident_memory_bytes"] ?? 0 > 0)
        #expect(page.types["quantcell_workers"] == nil)
    }

    @Test func theDocumentationNamesEverySeriesAndNoOther() async throws {
        try await ManagerRig.run { rig in
            try await live(rig)
            let documented = try documentedSeries()
            let page = try await look(at: rig)
            for (name, type) in page.types.sorted(by: { $0.key < $1.key }) {
                #expect(documented[name] == type, "Metrics.md has \(name) as \(documented[name] ?? "nothing")")
            }
            #expect(documented.keys.filter { page.types[$0] == nil } == [], "Metrics.md names what is not there")
        }
    }

    private func documentedSeries() throws -> [String: String] {
        let path = Build.repository.appending(path: "Sources/ManagerCore/ManagerCore.docc/Metrics.md").path
        let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\| `([a-z_]+)`[^|]*\| (counter|gauge|histogram) \|/)
        }
        return Dictionary(rows.map { (String($0.1), String($0.2)) }) { $1 }
    }

    @Test(arguments: ["config/grafana/quantcell.json", "config/prometheus/alerts.yml"])
    func whatIsAskedForIsThere(_ file: String) async throws {
        let text = try String(contentsOf: Build.repository.appending(path: file), encoding: .utf8)
        let asked = Set(text.matches(of: /\b(?:quantcell|process)_[a-z_]+\b/).map { String($0.0) })
        #expect(asked.count > 15)
        try await ManagerRig.run { rig in
            try await live(rig)
            let names = try await look(at: rig).names
            #expect(asked.subtracting(names).sorted() == [], "\(file) asks for what the manager does not have")
        }
    }
}
