internal import Hummingbird
internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// What the server is made of.
struct APIParts: Sendable {
    let door: Door
    let feed: EventFeed
    let gate: WebSocketGate
    let responder: RouterResponder<APIContext>

    init(manager: WorkerManager, metrics: (@Sendable () async -> [UInt8])?, dashboard: DashboardFiles) {
        let settings = manager.settings.api
        let port = ManagerPort(manager: manager)
        let cache = SnapshotCache(port)
        let door = Door(
            access: manager.access,
            hosts: HostCheck(settings),
            limiter: RateLimiter(perSecond: settings.limits.requestsPerSecond),
            connections: ConnectionTable(limit: settings.limits.connections)
        )
        let feed = EventFeed(manager)
        let streams = StreamCount(limit: LiveRoutes.maxStreams)
        self.door = door
        self.feed = feed
        gate = WebSocketGate(feed: feed, cache: cache, door: door, streams: streams)
        let features: [String: JSONValue] = [
            "dashboard": .bool(dashboard.isThere), "metrics": .bool(metrics != nil), "tls": .bool(settings.tls.isOn),
            "websocket": true,
        ]
        var routes = ManagerRoutes(port: port, cache: cache, features: features, metrics: metrics).routes
        routes += WorkerRoutes(port: port, cache: cache).routes
        routes += CommandRoutes(port: port, folders: StrategyFolders(settings.strategyDirs)).routes
        routes += HistoryRoutes(port: port, cache: cache).routes
        routes += LiveRoutes(feed: feed, cache: cache, door: door, streams: streams).routes
        routes += AccessRoutes(port: port, isSecure: settings.tls.isOn).routes
        routes.append(Self.document(of: routes))
        responder = APIRouter.make(routes, door, dashboard, maxBody: settings.limits.bodyBytes.bytes).buildResponder()
    }

    /// The route of the OpenAPI document, which is in the document too.
    private static func document(of routes: [Route]) -> Route {
        func route(_ text: ByteBuffer) -> Route {
            Route(
                .get,
                "/openapi.json",
                "This document.",
                .raw(contentType: "application/json", .open) { _ in
                    Response(
                        status: .ok,
                        headers: [.contentType: "application/json"],
                        body: ResponseBody(byteBuffer: text)
                    )
                }
            )
        }
        return route(ByteBuffer(string: OpenAPIDocument.make(routes + [route(ByteBuffer())]).text))
    }
}
