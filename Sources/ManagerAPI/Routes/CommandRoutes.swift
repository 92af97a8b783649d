internal import Glibc
internal import Hummingbird
internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// What changes something; each is a command of the admin socket.
struct CommandRoutes: Sendable {
    let port: ManagerPort
    let folders: StrategyFolders

    var routes: [Route] {
        [
            start,
            command(.stop, "stop", "Stop a worker; answered when its process is gone.", .briefs),
            command(.pause, "pause", "Hold a worker's data back.", .briefs),
            command(.resume, "resume", "Let a paused worker's data flow again.", .briefs),
            command(.restart, "restart", "Put a new process in a worker's place.", .briefs),
            remove, scale, publish, reload, changeParams, params,
        ]
    }

    private func command(_ type: MessageType, _ word: String, _ summary: String, _ schema: Schema) -> Route {
        Route(
            .post,
            "/api/v1/workers/{id}/\(word)",
            summary,
            scope: .operate,
            parameters: [.worker],
            body: .object([]),
            errors: [.workerNotFound, .conflict, .workerStart, .workerStop, .serviceUnavailable],
            .envelope(schema) { request throws(APIError) in
                APIAnswer(try await port.ask(type, request.workerID, for: request), "\(word): done")
            }
        )
    }

    private var start: Route {
        let fields: [Schema.Field] = [
            Schema.Field(
                "path",
                .text(1...4096),
                "The strategy's file, in one of the folders of 'api.strategy_dirs'; relative to them, or absolute.",
                isRequired: true
            ),
            Schema.Field("name", .workerID, "The worker's id; made from the file's name unless given."),
            Schema.Field("symbols", .list(.symbol, max: 10_000), "The instruments whose data it receives."),
            Schema.Field("data_types", .list(.dataType, max: 100), "The kinds of data it receives."),
            Schema.Field("params", .open, "Its parameters."),
            Schema.Field("delivery", .choice(Settings.Delivery.allCases.map(\.rawValue)), "What a slow one is given."),
            Schema.Field("warmup", .integer(0...1_000_000), "Messages of the past that it is shown first."),
            Schema.Field("fresh", .boolean, "Whether it begins without the checkpoint that there is."),
            Schema.Field("wait", .boolean, "Whether the answer comes when it runs (201), or at once (202)."),
        ]
        return Route(
            .post,
            "/api/v1/workers",
            "Start a strategy.",
            scope: .operate,
            body: .object(fields),
            success: [201, 202],
            errors: [.invalidWorkerConfig, .conflict, .workerStart, .serviceUnavailable, .internalError],
            .envelope(
                .object(
                    [
                        Schema.Field("worker_id", .workerID, isRequired: true),
                        Schema.Field("state", .state, isRequired: true),
                        Schema.Field("worker", .worker, isRequired: true),
                    ],
                    isOpen: true
                )
            ) { request throws(APIError) in
                var payload = request.body.objectValue ?? [:]
                payload["path"] = .string(try folders.resolve(payload["path"]?.stringValue ?? ""))
                let waits = payload["wait"]?.boolValue ?? true
                let answer = try await port.ask(.start, nil, payload, for: request)
                let id = answer["worker_id"]?.stringValue ?? ""
                return APIAnswer(answer, waits ? "\(id) runs" : "\(id) is on its way", status: waits ? 201 : 202)
            }
        )
    }

    private var reload: Route {
        let fields: [Schema.Field] = [
            Schema.Field(
                "path",
                .text(1...4096),
                "The new code, in one of the folders of 'api.strategy_dirs'; its own file unless given."
            ),
            Schema.Field("trial_messages", .integer(0...1_000_000_000), "Messages that the new code is on trial for."),
            Schema.Field("trial_seconds", .number, "Seconds that it is on trial for, 0 to 86,400."),
            Schema.Field("trial_errors", .integer(0...1_000_000), "Errors that it may make on trial."),
            Schema.Field("compare", .integer(1...1_000_000), "Past messages that both versions are shown first."),
            Schema.Field("keep", .boolean, "Whether they are compared only."),
        ]
        return Route(
            .post,
            "/api/v1/workers/{id}/reload",
            "Put new code in the place of what a worker runs, without missing a message.",
            scope: .operate,
            parameters: [.worker],
            body: .object(fields),
            errors: [.workerNotFound, .invalidWorkerConfig, .conflict, .workerStart, .serviceUnavailable],
            .envelope(.open) { request throws(APIError) in
                var payload = request.body.objectValue ?? [:]
                if let path = payload["path"]?.stringValue { payload["path"] = .string(try folders.resolve(path)) }
                return APIAnswer(try await port.ask(.reload, request.workerID, payload, for: request), "reloaded")
            }
        )
    }

    private var changeParams: Route {
        Route(
            .post,
            "/api/v1/workers/{id}/params",
            "Change parameters of a worker while it runs.",
            scope: .operate,
            parameters: [.worker],
            body: .object([Schema.Field("params", .open, "The values to change, by name.", isRequired: true)]),
            errors: [.workerNotFound, .invalidWorkerConfig, .conflict, .serviceUnavailable],
            .envelope(.open) { request throws(APIError) in
                APIAnswer(
                    try await port.ask(.params, request.workerID, request.body.objectValue ?? [:], for: request),
                    "parameters changed"
                )
            }
        )
    }

    private var params: Route {
        Route(
            .get,
            "/api/v1/workers/{id}/params",
            "The parameters of a worker: those in force, and what the strategy declares.",
            parameters: [.worker],
            errors: [.workerNotFound, .conflict, .serviceUnavailable],
            .envelope(.open) { request throws(APIError) in
                APIAnswer(try await port.ask(.params, request.workerID, for: request), "parameters")
            }
        )
    }

    private var remove: Route {
        Route(
            .delete,
            "/api/v1/workers/{id}",
            "Stop a worker where it is not stopped, and forget it.",
            scope: .operate,
            parameters: [.worker],
            errors: [.workerNotFound, .conflict, .workerStop, .serviceUnavailable],
            .envelope(.object([Schema.Field("worker_id", .workerID, isRequired: true)])) { request throws(APIError) in
                APIAnswer(try await port.ask(.remove, request.workerID, for: request), "removed")
            }
        )
    }

    private var scale: Route {
        Route(
            .post,
            "/api/v1/workers/scale",
            "Bring the instances of a strategy, or the warm spares, to a number.",
            scope: .operate,
            body: .either([
                .object([Schema.Field("spares", .integer(0...1000), "How many warm spares are kept.", isRequired: true)]
                ),
                .object([
                    Schema.Field(
                        "strategy",
                        .text(1...4096),
                        "A worker's id, or a strategy's path: all workers of that file are meant.",
                        isRequired: true
                    ),
                    Schema.Field("instances", .integer(0...1000), "How many are to run it.", isRequired: true),
                ]),
            ]),
            errors: [.workerNotFound, .scaling, .conflict, .workerStart, .serviceUnavailable],
            .envelope(.open) { request throws(APIError) in
                var payload = request.body.objectValue ?? [:]
                if let strategy = payload["strategy"]?.stringValue,
                    strategy.contains("/") || strategy.hasSuffix(".swift")
                {
                    payload["strategy"] = .string(try folders.resolve(strategy))
                }
                return APIAnswer(try await port.ask(.scale, nil, payload, for: request), "scaled")
            }
        )
    }

    private var publish: Route {
        Route(
            .post,
            "/api/v1/market-data",
            "Publish a message of market data, as over the feed socket.",
            scope: .operate,
            body: .object([
                Schema.Field("symbol", .symbol, "The instrument.", isRequired: true),
                Schema.Field("data_type", .dataType, "The kind of data, such as kline.", isRequired: true),
                Schema.Field("data", .open, "The members of its kind.", isRequired: true),
            ]),
            success: [201],
            errors: [.serviceUnavailable],
            .envelope(
                .object([
                    Schema.Field("topic", .text64k, isRequired: true),
                    Schema.Field("sequence", .count, isRequired: true),
                ])
            ) { request throws(APIError) in
                let symbol = request.body["symbol"]?.stringValue ?? ""
                let type = request.body["data_type"]?.stringValue ?? ""
                let sequence: UInt64
                do {
                    sequence = try await port.manager.publishMarketData(
                        symbol: symbol,
                        dataType: type,
                        data: request.body["data"] ?? .null
                    )
                } catch let error as ProtocolError {
                    throw APIError(.invalidParameters, error.description)
                } catch {
                    throw APIError(.serviceUnavailable, "\(error)")
                }
                return APIAnswer(
                    ["topic": .string("market.\(symbol).\(type)"), "sequence": JSONValue(sequence)],
                    "published",
                    status: 201
                )
            }
        )
    }
}
