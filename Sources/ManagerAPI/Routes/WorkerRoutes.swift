internal import Hummingbird
internal import ManagerCore
internal import MarketFiles
internal import NIOCore
internal import WireProtocol

/// What there is to know of workers.
struct WorkerRoutes: Sendable {
    let port: ManagerPort
    let cache: SnapshotCache

    var routes: [Route] { [all, states, totals, one, health, logs, why, checkpoint, signals] }

    private var all: Route {
        Route(
            .get,
            "/api/v1/workers",
            "All workers.",
            errors: [.serviceUnavailable],
            .envelope(.workers) { _ throws(APIError) in
                APIAnswer(try await cache.answer(to: .list).text, "all workers")
            }
        )
    }

    private func list() async throws(APIError) -> [JSONValue] {
        try await cache.answer(to: .list).value["workers"]?.arrayValue ?? []
    }

    private var states: Route {
        Route(
            .get,
            "/api/v1/workers/status",
            "The state of every worker, in short.",
            errors: [.serviceUnavailable],
            .envelope(.briefs) { _ throws(APIError) in
                let workers = try await list().map { worker in
                    var brief = Self.health(worker)
                    for key in ["generation", "pid", "last_heartbeat", "last_error"] { brief[key] = worker[key] }
                    return JSONValue.object(brief)
                }
                return APIAnswer(["workers": .array(workers)], "\(workers.count) workers")
            }
        )
    }

    private var totals: Route {
        Route(
            .get,
            "/api/v1/workers/stats",
            "What all workers together have done and use.",
            errors: [.serviceUnavailable],
            .envelope(
                .object(
                    [
                        Schema.Field("total", .count, isRequired: true),
                        Schema.Field("by_state", .open, isRequired: true),
                        Schema.Field("spares", .count, isRequired: true),
                        Schema.Field("messages_processed", .count), Schema.Field("signals_emitted", .count),
                        Schema.Field("errors_count", .count), Schema.Field("restarts", .count),
                        Schema.Field("resident_bytes", .count), Schema.Field("cpu_seconds", .number),
                    ],
                    isOpen: true
                )
            ) { _ throws(APIError) in
                var totals = WorkerSummary(try await list()).totals
                totals["spares"] = try await cache.answer(to: .ping).value["spares"]
                return APIAnswer(.object(totals), "all workers together")
            }
        )
    }

    private var one: Route {
        question("/api/v1/workers/{id}", "One worker.", .oneWorker) { request throws(APIError) in
            try await port.ask(.status, request.workerID, for: request)
        }
    }

    private var health: Route {
        let schema = Schema.object(
            [
                Schema.Field("worker_id", .workerID, isRequired: true),
                Schema.Field("state", .state, isRequired: true),
                Schema.Field(
                    "healthy",
                    .boolean,
                    "Whether it runs or is paused, and nothing is wrong with it.",
                    isRequired: true
                ),
                Schema.Field("verdicts", .list(.text64k, max: 16), isRequired: true),
                Schema.Field("heartbeat_age_seconds", .nullable(.number)),
                Schema.Field("lag_messages", .any), Schema.Field("lag_seconds", .any),
                Schema.Field("callback", .any), Schema.Field("callback_seconds", .any),
            ]
        )
        return question("/api/v1/workers/{id}/health", "Whether a worker is well.", schema) {
            request throws(APIError) in
            .object(Self.health(try await port.ask(.status, request.workerID, for: request)["worker"] ?? .null))
        }
    }

    private static func health(_ worker: JSONValue) -> [String: JSONValue] {
        let metadata = worker["metadata"] ?? .null
        let verdicts = metadata["verdicts"]?.arrayValue ?? []
        let isUp = ["running", "paused"].contains(worker["state"]?.stringValue)
        var health: [String: JSONValue] = [
            "worker_id": worker["worker_id"] ?? .null, "state": worker["state"] ?? .null,
            "healthy": .bool(isUp && verdicts.isEmpty), "verdicts": .array(verdicts),
        ]
        let beat = worker["last_heartbeat"]?.stringValue.flatMap { TimeText.nanoseconds(from: $0) }
        health["heartbeat_age_seconds"] =
            beat.map { .number(max(Double(WallClock.nanoseconds() - $0) / 1e9, 0)) } ?? .null
        for key in ["lag_messages", "lag_seconds", "callback", "callback_seconds"] {
            health[key] = metadata[key] ?? .null
        }
        return health
    }

    private var logs: Route {
        let schema = Schema.object(
            [
                Schema.Field("worker_id", .workerID, isRequired: true),
                Schema.Field("lines", .list(.text(), max: LogReader.maxLines), isRequired: true),
                Schema.Field("cursor", .text(0...128), "For the next question: only what is new.", isRequired: true),
                Schema.Field(
                    "reset",
                    .boolean,
                    "Whether these lines do not join on to those before.",
                    isRequired: true
                ),
            ]
        )
        let parameters: [Parameter] = [
            .worker,
            .query("lines", .integer(1...Int64(LogReader.maxLines)), "How many of the last lines; 100 unless given."),
            .query("cursor", .text(0...128), "The `cursor` of the answer before: only what is new since then."),
        ]
        return question("/api/v1/workers/{id}/logs", "What a worker has written.", schema, parameters) {
            request throws(APIError) in
            let answer = try await port.ask(.logs, request.workerID, for: request)
            guard let path = answer["path"]?.stringValue else {
                throw APIError(.internalError, "the worker's log is not known")
            }
            let lines = request["lines"]?.integerValue.map { Int($0) } ?? 100
            let cursor = request["cursor"]?.stringValue
            let page = await Task.detached { LogReader.read(path, lines: lines, cursor: cursor) }.value
            // What a strategy prints by itself may hold what it was given.
            let shown = page.lines.map { JSONValue.string(port.manager.withoutSecrets($0)) }
            return [
                "worker_id": JSONValue(request.workerID), "lines": .array(shown),
                "cursor": .string(page.cursor), "reset": .bool(page.isReset),
            ]
        }
    }

    private var why: Route {
        let schema = Schema.object(
            [
                Schema.Field("worker", .worker, isRequired: true),
                Schema.Field("transitions", .list(.entry, max: 100), isRequired: true),
                Schema.Field("deaths", .list(.open, max: 100), isRequired: true),
                Schema.Field("next", .text64k, isRequired: true),
                Schema.Field("advice", .list(.text64k, max: 100), isRequired: true),
            ],
            isOpen: true
        )
        return question("/api/v1/workers/{id}/why", "What happened to a worker, and what comes next.", schema) {
            request throws(APIError) in
            try await port.ask(.why, request.workerID, for: request)
        }
    }

    private var checkpoint: Route {
        let schema = Schema.object(
            [
                Schema.Field("worker_id", .workerID, isRequired: true),
                Schema.Field("checkpoint", .open, isRequired: true),
            ],
            isOpen: true
        )
        return question("/api/v1/workers/{id}/checkpoint", "The saved state of a worker.", schema) {
            request throws(APIError) in
            try await port.ask(.checkpoint, request.workerID, ["op": "show"], for: request)
        }
    }

    private var signals: Route {
        question(
            "/api/v1/workers/{id}/signals",
            "What a worker has signalled.",
            .signals,
            [.worker, .afterRow, .limit]
        ) {
            request throws(APIError) in
            // A worker that nobody knows is not one without signals.
            _ = try await port.ask(.status, request.workerID, for: request)
            var payload = request.parameters
            payload["id"] = nil
            return try await port.ask(.signals, request.workerID, payload, for: request)
        }
    }

    private func question(
        _ path: String,
        _ summary: String,
        _ schema: Schema,
        _ parameters: [Parameter] = [.worker],
        _ ask: @escaping @Sendable (APIRequest) async throws(APIError) -> JSONValue
    ) -> Route {
        Route(
            .get,
            path,
            summary,
            parameters: parameters,
            errors: [.workerNotFound, .serviceUnavailable],
            .envelope(schema) { request throws(APIError) in
                APIAnswer(try await ask(request), "worker \(request.workerID ?? "")")
            }
        )
    }
}
