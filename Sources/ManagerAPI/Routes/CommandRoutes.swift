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
            remove, scale, publish,
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
            Schema.Field("symbols", .list(.text(1...128), max: 10_000), "The instruments whose data it receives."),
            Schema.Field("data_types", .list(.text(1...64), max: 100), "The kinds of data it receives."),
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
            body: .object([
                Schema.Field("strategy", .text(1...4096), "A worker's id, or a strategy's path: that one and all of its file."),
                Schema.Field("instances", .integer(0...1000), "How many workers are to run it."),
                Schema.Field("spares", .integer(0...1000), "How many warm spares are kept, instead of the two above."),
            ]),
            errors: [.workerNotFound, .scaling, .conflict, .workerStart, .serviceUnavailable],
            .envelope(.open) { request throws(APIError) in
                var payload = request.body.objectValue ?? [:]
                if let strategy = payload["strategy"]?.stringValue, strategy.contains("/") || strategy.hasSuffix(".swift") {
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
                Schema.Field("symbol", .text(1...128), "The instrument.", isRequired: true),
                Schema.Field("data_type", .text(1...64), "The kind of data, such as kline.", isRequired: true),
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
