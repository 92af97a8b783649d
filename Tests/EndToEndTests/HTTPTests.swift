import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// The manager over HTTP, as programs use it.
@Suite struct HTTPTests {
    static func config(_ folder: String = "", _ more: String = "") -> String {
        "api: {enabled: true, port: 0, strategy_dirs: ['\(folder.isEmpty ? Build.strategies : folder)']\(more)}\npool: {min_size: 1}"
    }

    @Test(
        "a strategy's life, from its start to its removal, each step with the answer and in the journal with who gave it"
    )
    func life() async throws {
        try await withManager(Self.config()) { manager in
            let client = try HTTPClient(manager)
            let start = #"{"path":"sma_cross.swift","name":"a","symbols":["X"],"params":{"fast":2,"slow":4}}"#
            let started = try client.ask("POST", "/api/v1/workers", start)
            #expect(started.status == 201)
            #expect(started.data["worker"]?["metadata"]?["params"] == ["fast": 2, "slow": 4])
            #expect(keys(started.json) == ["status", "message", "data", "timestamp"])
            #expect(isTime(started.json["timestamp"]))

            let bar = #"{"symbol":"X","data_type":"kline","data":{"open":1,"high":1,"low":1,"close":1,"volume":1}}"#
            let published = try client.ask("POST", "/api/v1/market-data", bar)
            #expect(published.status == 201)
            #expect(published.data == ["topic": "market.X.kline", "sequence": 1])
            let rows = try client.get("/api/v1/data/market.X.kline").data["rows"]?.arrayValue
            #expect(rows?.first?["data"]?["close"]?.doubleValue == 1)

            for (word, state) in [("pause", "paused"), ("resume", "running"), ("restart", "running")] {
                let answer = try client.ask("POST", "/api/v1/workers/a/\(word)")
                #expect(answer.status == 200)
                #expect(answer.data["workers"]?.arrayValue?.first?["state"] == .string(state), "\(word)")
                // Who is told of a change sees it, however many ask at the same time.
                #expect(
                    try client.get("/api/v1/workers").data["workers"]?.arrayValue?.first?["state"] == .string(state)
                )
            }
            #expect(try client.get("/api/v1/workers/a").data["worker"]?["generation"] == 2)
            #expect(try client.get("/api/v1/workers/a/health").data["healthy"] == true)
            #expect(try client.get("/api/v1/workers/a/why").data["transitions"]?.arrayValue?.isEmpty == false)

            let scaled = try client.ask("POST", "/api/v1/workers/scale", #"{"strategy":"a","instances":2}"#)
            #expect(scaled.data["started"] == ["sma_cross"])
            #expect(try client.ask("DELETE", "/api/v1/workers/sma_cross").status == 200)
            #expect(try client.get("/api/v1/workers/sma_cross").code == "WORKER_NOT_FOUND")
            #expect(try client.ask("POST", "/api/v1/workers/a/stop").status == 200)
            #expect(try client.ask("POST", "/api/v1/workers/a/pause").status == 409)

            let commands = try manager.entries(kind: "command").filter { $0["detail"]?["payload"] != nil }
            let ours = commands.filter { $0["detail"]?["who"] == "token:test" }.compactMap { $0["cause"]?.stringValue }
            #expect(ours == ["start", "pause", "resume", "restart", "scale", "remove", "stop", "pause"])
            #expect(commands.allSatisfy { $0["detail"]?["from"]?.stringValue?.isEmpty == false })
        }
    }

    @Test("the answers are those of the command line")
    func sameAnswers() async throws {
        try await withManager(Self.config()) { manager in
            let client = try HTTPClient(manager)
            try manager.start(Build.strategy("sma_cross"), name: "a")
            _ = try manager.ask(.pause, "a")
            func printed(_ arguments: String...) throws -> JSONValue {
                try JSONValue(parsing: try manager.program(Build.program("quantcell"), arguments).finish().output)
            }
            #expect(try client.get("/api/v1/signals").data == manager.ask(.signals).removing("result"))
            #expect(try client.get("/api/v1/workers/a/checkpoint").data["checkpoint"]?["worker_id"] == "a")
            let http = try client.get("/api/v1/workers/a").data["worker"]
            let cli = try printed("status", "a", "--json")
            for key in ["worker_id", "state", "pid", "generation", "created_at", "strategy_path"] {
                #expect(http?[key] == cli[key], "\(key)")
            }
            let why = try client.get("/api/v1/workers/a/why").data
            #expect(why["transitions"] == (try printed("why", "a", "--json"))["transitions"])
            let page = try client.get("/api/v1/journal?kind=transition&worker_id=a&limit=2").data
            #expect(page["entries"]?.arrayValue?.count == 2)
            let last = try #require(page["last_seq"]?.integerValue)
            #expect(try client.get("/api/v1/journal?kind=transition&after_seq=\(last)").data["entries"] == [])
        }
    }

    @Test("what is wrong with a request is told, in the envelope")
    func badRequests() async throws {
        try await withManager(Self.config()) { manager in
            let client = try HTTPClient(manager)
            let wrong: [(String, String, String?, Int, String)] = [
                ("GET", "/api/v1/workers/nobody", nil, 404, "WORKER_NOT_FOUND"),
                ("GET", "/api/v1/workers?statee=1", nil, 400, "INVALID_PARAMETERS"),
                ("GET", "/api/v1/journal?limit=0", nil, 400, "INVALID_PARAMETERS"),
                ("GET", "/api/v1/journal?limit=x", nil, 400, "INVALID_PARAMETERS"),
                ("GET", "/api/v1/journal?limit=1&limit=2", nil, 400, "INVALID_PARAMETERS"),
                ("GET", "/api/v1/workers/%zz", nil, 400, "INVALID_PARAMETERS"),
                ("GET", "/api/v1/data/kline", nil, 404, "INVALID_PARAMETERS"),
                ("GET", "/nothing", nil, 404, "INVALID_PARAMETERS"),
                ("POST", "/api/v1/workers", "{", 400, "INVALID_PARAMETERS"),
                ("POST", "/api/v1/workers", "[]", 400, "INVALID_PARAMETERS"),
                ("POST", "/api/v1/workers", "{}", 400, "INVALID_PARAMETERS"),
                ("POST", "/api/v1/workers", #"{"path":"sma_cross.swift","nmae":"a"}"#, 400, "INVALID_PARAMETERS"),
                ("POST", "/api/v1/workers/scale", #"{"spares":999}"#, 409, "SCALING_ERROR"),
                (
                    "POST", "/api/v1/market-data", #"{"symbol":"X","data_type":"kline","data":{}}"#, 400,
                    "INVALID_PARAMETERS"
                ),
            ]
            for (method, path, body, status, code) in wrong {
                let answer = try client.ask(method, path, body)
                #expect(answer.status == status && answer.code == code, "\(method) \(path) \(body ?? ""): \(answer)")
                #expect(keys(answer.json) == ["status", "error_code", "message", "data", "timestamp"])
            }
            let text = try client.ask("POST", "/api/v1/workers", "path=x", headers: ["content-type: text/plain"])
            #expect(text.status == 400)
            let typo = try client.ask("POST", "/api/v1/workers", #"{"path":"sma_cross.swift","nmae":"a"}"#)
            #expect(typo.json["message"] == "there is no 'nmae'; did you mean 'name'?")
        }
    }

    @Test("no worker has a name that means something else in a route", arguments: ["status", "stats", "scale"])
    func reservedNames(_ name: String) async throws {
        try await withManager(Self.config()) { manager in
            let client = try HTTPClient(manager)
            let body = #"{"path":"sma_cross.swift","name":"\#(name)","symbols":["X"]}"#
            let answer = try client.ask("POST", "/api/v1/workers", body)
            #expect(answer.status == 400 && answer.code == "INVALID_WORKER_CONFIG")
            #expect(answer.json["message"]?.stringValue?.contains("'\(name)' cannot be a worker's name") == true)
            // A file that is called that gives its worker another one by itself.
            let file = "\(manager.folder)/work/\(name).sh"
            try "#!/bin/sh\nexec sleep 1000\n".write(toFile: file, atomically: false, encoding: .utf8)
            try #require(chmod(file, 0o755) == 0)
            let started = try manager.cli("start-strategy", "--kind", "process", file)
            #expect(started.lines == ["\(name)-2"], "\(started.errors)")
            #expect(try client.get("/api/v1/workers/\(name)-2").status == 200)
        }
    }

    @Test("logs are followed without a line twice or left out")
    func logs() async throws {
        try await withManager(Self.config()) { manager in
            let client = try HTTPClient(manager)
            try manager.start(Build.strategy("sma_cross"), name: "a")
            let first = try client.get("/api/v1/workers/a/logs").data
            var lines = try #require(first["lines"]?.arrayValue)
            var cursor = try #require(first["cursor"]?.stringValue)
            _ = try manager.ask(.pause, "a")
            _ = try manager.ask(.resume, "a")
            try manager.asking("the log goes on") {
                let more = try client.get("/api/v1/workers/a/logs?cursor=\(cursor)").data
                #expect(more["reset"] == false)
                lines += more["lines"]?.arrayValue ?? []
                cursor = more["cursor"]?.stringValue ?? ""
                return lines.last?.stringValue?.hasSuffix("resumed") == true
            }
            #expect(try client.get("/api/v1/workers/a/logs?lines=1000").data["lines"]?.arrayValue == lines)
        }
    }
}

extension JSONValue {
    fileprivate func removing(_ key: String) -> JSONValue {
        .object((objectValue ?? [:]).filter { $0.key != key })
    }
}
