import Foundation
import ProcessControl
import Testing
import WireProtocol

/// Logs as programs read them.
@Suite struct JSONLogTests {
    private func lines(_ text: String) throws -> [JSONValue] {
        try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    @Test func theManagersLinesHaveTheirFields() async throws {
        try await withManager("manager: {log_format: json, log_level: debug}") { manager in
            try manager.start(manager.actor, name: "a")
            #expect(throws: Refused.self) { try manager.ask(.pause, "nobody") }
            let lines = try lines(manager.log)
            for line in lines {
                #expect(line["service"] == "quantcell-manager" && line["logger"] == "quantcell", "\(line.text)")
                #expect(line["timestamp"]?.stringValue?.contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/) == true)
                #expect(line["level"]?.stringValue?.isEmpty == false && line["message"]?.stringValue != nil)
            }
            let running = try #require(
                lines.first { $0["message"]?.stringValue?.contains("→ running") == true && $0["worker_id"] == "a" }
            )
            #expect(running["metadata"] == ["actor": "worker", "generation": "1"])
            // A command and its answer bear the id under which the journal has them.
            let ids = lines.filter { $0["message"] == "command pause" }.map { $0["request_id"]?.stringValue }
            let journaled = try manager.entries(kind: "command").filter {
                $0["cause"] == "pause" && $0["worker_id"] == "nobody"
            }
            #expect(ids.count >= 2 && ids.allSatisfy { $0 != nil })
            #expect(ids.suffix(2) == journaled.suffix(2).map { $0["detail"]?["msg_id"]?.stringValue })
        }
    }

    @Test func aStrategysLinesAreOfTheSameForm() async throws {
        try await withManager("manager: {log_format: json}") { manager in
            try manager.start(manager.actor, name: "a")
            let log = try String(contentsOfFile: "\(manager.data)/logs/a.log", encoding: .utf8)
            // What it prints by itself stands there as it is.
            let lines = try lines(log.split(separator: "\n").filter { $0.hasPrefix("{") }.joined(separator: "\n"))
            let running = try #require(lines.first { $0["message"]?.stringValue?.hasPrefix("running ") == true })
            #expect(running["service"] == "quantcell-worker")
            #expect(running["worker_id"] == "a")
            #expect(running["level"] == "info")
            #expect(running["logger"] == "quantcell.worker")
            #expect(running["timestamp"]?.stringValue?.hasSuffix("Z") == true)
            // A text of several lines is one.
            #expect(lines.allSatisfy { $0["message"] != nil })
        }
    }
}
