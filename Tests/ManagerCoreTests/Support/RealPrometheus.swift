import Foundation
import FoundationNetworking
import Testing

/// Debian's Prometheus, where there is one: from the path, or from where `.ci/setup.sh test` has unpacked it.
enum RealPrometheus {
    static func program(_ name: String) -> String? {
        let unpacked = Build.repository.appending(path: ".build/prometheus/usr/bin").path
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + [unpacked]).map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static let isThere = program("prometheus") != nil && program("promtool") != nil
    static let missing: Comment = "prometheus is not installed; .ci/setup.sh test fetches it"

    /// Runs promtool to its end.
    static func tool(_ arguments: [String], input: [UInt8] = [], in folder: URL? = nil) throws -> (
        code: Int32, text: String
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(program("promtool")))
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let (source, sink) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (source, sink, sink)
        try process.run()
        try source.fileHandleForWriting.write(contentsOf: input)
        try source.fileHandleForWriting.close()
        let text = String(decoding: try sink.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// A server that scrapes a port on 127.0.0.1, with the project's alert rules.
    final class Server {
        let address: String
        private let process = Process()

        init(scraping port: UInt16, in folder: String) throws {
            let configuration = """
                global: {scrape_interval: 2s, evaluation_interval: 200ms}
                rule_files: ["\(Build.repository.path)/config/prometheus/alerts.yml"]
                scrape_configs:
                  - job_name: quantcell
                    static_configs: [{targets: ["127.0.0.1:\(port)"]}]
                """
            try configuration.write(toFile: "\(folder)/prometheus.yml", atomically: false, encoding: .utf8)
            let log = Pipe()
            process.executableURL = URL(fileURLWithPath: try #require(program("prometheus")))
            process.arguments = [
                "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/tsdb",
                "--web.listen-address=127.0.0.1:0",
            ]
            process.standardError = log
            process.standardOutput = log
            try process.run()
            var text = ""
            var address: String?
            while address == nil || !text.contains("Server is ready") {
                let data = log.fileHandleForReading.availableData
                if data.isEmpty { break }
                text += String(decoding: data, as: UTF8.self)
                address = text.firstMatch(of: /msg="Listening on" address=(127\.0\.0\.1:\d+)/).map { String($0.1) }
            }
            // What it says from now on goes nowhere, and must not fill the pipe.
            log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
            self.address = try #require(address, "prometheus did not start: \(text)")
        }

        deinit {
            process.terminate()
            process.waitUntilExit()
        }

        /// The value of a query with one result; `nil` for none.
        func value(_ query: String) async throws -> Double? {
            let result = try await get("/api/v1/query", [URLQueryItem(name: "query", value: query)])["result"]
            let first = (result as? [[String: Any]])?.first?["value"] as? [Any]
            return (first?.last as? String).flatMap(Double.init)
        }

        /// `data` of an answer.
        func get(_ path: String, _ query: [URLQueryItem] = []) async throws -> [String: Any] {
            var components = try #require(URLComponents(string: "http://\(address)\(path)"))
            components.queryItems = query.isEmpty ? nil : query
            let (data, _) = try await URLSession.shared.data(from: try #require(components.url))
            let answer = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            return try #require(answer?["data"] as? [String: Any])
        }
    }
}
