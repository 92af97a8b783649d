internal import Hummingbird
internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// Market data, and what the journal has.
struct HistoryRoutes: Sendable {
    let port: ManagerPort
    let cache: SnapshotCache

    var routes: [Route] { [topics, journal, signals, data] }

    private var topics: Route {
        Route(
            .get,
            "/api/v1/topics",
            "The counters of the market data, topic by topic.",
            errors: [.serviceUnavailable],
            .envelope(.object([Schema.Field("topics", .list(.open, max: 1_000_000), isRequired: true)], isOpen: true)) {
                _ throws(APIError) in
                APIAnswer(try await cache.answer(to: .topics).text, "all topics")
            }
        )
    }

    private var journal: Route {
        Route(
            .get,
            "/api/v1/journal",
            "Entries of the journal, ascending: the last ones, or with a cursor those behind it.",
            parameters: [
                .query("worker_id", .workerID, "Only entries about this worker."),
                .query("kind", .text(1...64), "Only entries of this kind, such as transition."),
                .query("since_ns", .nanoseconds, "Only entries from this time on, nanoseconds since the Unix epoch."),
                .query("after_seq", .count, "Only entries behind this place: `last_seq` of the page before."),
                .limit,
            ],
            errors: [.serviceUnavailable],
            .envelope(.entries) { request throws(APIError) in
                APIAnswer(try await port.ask(.journal, nil, request.parameters, for: request), "journal")
            }
        )
    }

    private var signals: Route {
        Route(
            .get,
            "/api/v1/signals",
            "Signals, ascending: the last ones, or with a cursor those behind it.",
            parameters: [.query("worker_id", .workerID, "Only signals of this worker."), .afterRow, .limit],
            errors: [.serviceUnavailable],
            .envelope(.signals) { request throws(APIError) in
                APIAnswer(try await port.ask(.signals, nil, request.parameters, for: request), "signals")
            }
        )
    }

    private var data: Route {
        let row = Schema.object(
            [
                Schema.Field("sequence", .count, isRequired: true), Schema.Field("timestamp", .any, isRequired: true),
                Schema.Field("received", .any, isRequired: true), Schema.Field("data", .any, isRequired: true),
            ],
            isOpen: true
        )
        return Route(
            .get,
            "/api/v1/data/{topic}",
            "Recorded messages of a topic, ascending.",
            parameters: [
                .path(
                    "topic",
                    .text(1...256),
                    "The topic, such as market.BTC/USDT.kline; its slash may stand as it is."
                ),
                .query("after", .count, "Only messages behind this sequence: `last_sequence` of the page before."),
                .query("since_ns", .nanoseconds, "From this event time on, nanoseconds since the Unix epoch."),
                .query("until_ns", .nanoseconds, "Before this event time, nanoseconds since the Unix epoch."),
                .limit,
            ],
            errors: [.serviceUnavailable],
            .envelope(
                .object(
                    [
                        Schema.Field("topic", .text64k, isRequired: true),
                        Schema.Field("rows", .list(row, max: 1000), isRequired: true),
                        Schema.Field("last_sequence", .count, isRequired: true),
                        Schema.Field("more", .boolean, "Whether there is another page.", isRequired: true),
                        Schema.Field(
                            "lost",
                            .list(.open, max: 10_000),
                            "What is not recorded in between.",
                            isRequired: true
                        ),
                    ],
                    isOpen: true
                )
            ) { request throws(APIError) in
                var payload = request.parameters
                let topic = payload["topic"]?.stringValue ?? ""
                guard Array(topic.utf8).withUnsafeBytes({ (try? Topic(parsing: $0)) != nil }) else {
                    throw .notFound("'\(topic.prefix(120))' is no topic; one is market.BTC/USDT.kline")
                }
                payload["op"] = "rows"
                let answer = try await port.ask(.history, nil, payload, for: request)
                return APIAnswer(answer, "recorded messages")
            }
        )
    }
}
