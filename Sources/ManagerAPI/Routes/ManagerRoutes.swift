internal import Glibc
internal import Hummingbird
internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// What there is to know of the manager itself.
struct ManagerRoutes: Sendable {
    let port: ManagerPort
    let cache: SnapshotCache
    let features: [String: JSONValue]
    let metrics: (@Sendable () async -> [UInt8])?

    var routes: [Route] {
        [health, ready, status] + (metrics.map { [metricsRoute($0)] } ?? [])
    }

    private static let statusOnly = Schema.object([Schema.Field("status", .text(1...32), isRequired: true)])

    private var health: Route {
        Route(
            .get,
            "/health",
            "Whether the process answers; the only question that needs no token.",
            scope: nil,
            errors: [.forbidden, .rateLimited],
            .envelope(Self.statusOnly) { _ in APIAnswer(["status": "alive"], "alive") }
        )
    }

    private var ready: Route {
        Route(
            .get,
            "/ready",
            "Whether the manager runs, and does what it is told.",
            errors: [.serviceUnavailable],
            .envelope(Self.statusOnly) { _ throws(APIError) in
                if let error = await port.manager.readiness { throw APIError(.serviceUnavailable, error.description) }
                return APIAnswer(["status": "ready"], "ready")
            }
        )
    }

    private func metricsRoute(_ metrics: @escaping @Sendable () async -> [UInt8]) -> Route {
        Route(
            .get,
            "/metrics",
            "Metrics in Prometheus' text format.",
            .raw(contentType: "text/plain", .text()) { _ in
                Response(
                    status: .ok,
                    headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: await metrics()))
                )
            }
        )
    }

    private var status: Route {
        Route(
            .get,
            "/api/v1/status",
            "The manager: what it is, where it is, and how it is.",
            errors: [.serviceUnavailable],
            .envelope(
                .object(
                    [
                        Schema.Field("service", .text(1...64), isRequired: true),
                        Schema.Field("status", .choice(["running", "degraded"]), isRequired: true),
                        Schema.Field("uptime_seconds", .number, isRequired: true),
                        Schema.Field("version", .text(1...64), isRequired: true),
                        Schema.Field("environment", .open, isRequired: true),
                        Schema.Field("features", .open, isRequired: true),
                        Schema.Field("worker_summary", .open, isRequired: true),
                        Schema.Field("statistics", .open, isRequired: true),
                    ],
                    isOpen: true
                )
            ) { _ throws(APIError) in APIAnswer(try await data(), "the manager runs") }
        )
    }

    private func data() async throws(APIError) -> JSONValue {
        let ping = try await cache.answer(to: .ping).value
        let topics = try await cache.answer(to: .topics).value
        let workers = try await cache.answer(to: .list).value["workers"]?.arrayValue ?? []
        var summary = WorkerSummary(workers).json
        summary["spares"] = ping["spares"] ?? .null
        summary["max_workers"] = .integer(Int64(port.manager.settings.manager.maxWorkers))
        var statistics: [String: JSONValue] = [:]
        for key in ["received", "published", "refused", "recorded", "unrecorded", "resent"] {
            statistics["messages_\(key)"] = topics[key]
        }
        for key in ["refused_messages", "stale_messages", "loop_lag"] { statistics[key] = ping[key] }
        let failure = await port.manager.readiness
        statistics["warnings"] = .array(failure.map { [.string($0.description)] } ?? [])
        var environment: [String: JSONValue] = [:]
        for key in ["pid", "runtime_dir", "data_dir", "endpoints", "security"] { environment[key] = ping[key] }
        return [
            "service": "quantcell",
            "status": failure == nil ? "running" : "degraded",
            "uptime_seconds": ping["uptime_seconds"] ?? .null,
            "version": ping["version"] ?? .null,
            "environment": .object(environment),
            "features": .object(features),
            "worker_summary": .object(summary),
            "statistics": .object(statistics),
        ]
    }
}

/// Numbers over all workers.
struct WorkerSummary {
    private let workers: [JSONValue]

    init(_ workers: [JSONValue]) {
        self.workers = workers
    }

    /// How many there are in which state.
    var json: [String: JSONValue] {
        var byState: [String: Int64] = [:]
        for worker in workers { byState[worker["state"]?.stringValue ?? "unknown", default: 0] += 1 }
        return ["total": .integer(Int64(workers.count)), "by_state": .object(byState.mapValues(JSONValue.integer))]
    }

    /// What they have done and use, added up.
    var totals: [String: JSONValue] {
        var totals = json
        for key in ["messages_processed", "signals_emitted", "errors_count", "restarts"] {
            totals[key] = .integer(workers.reduce(0) { $0 &+ ($1[key]?.integerValue ?? 0) })
        }
        let usage = workers.compactMap { $0["metadata"]?["usage"] }
        totals["resident_bytes"] = .integer(usage.reduce(0) { $0 &+ ($1["resident_bytes"]?.integerValue ?? 0) })
        totals["cpu_seconds"] = .number(usage.reduce(0) { $0 + ($1["cpu_seconds"]?.doubleValue ?? 0) })
        return totals
    }
}
