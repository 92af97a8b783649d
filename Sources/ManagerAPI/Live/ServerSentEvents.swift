internal import HTTPTypes
internal import Hummingbird
internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// The events as a browser's `EventSource` takes them.
struct ServerSentEvents: EventSink {
    private let write: @Sendable (ByteBuffer) async throws -> Void

    init(_ write: @escaping @Sendable (ByteBuffer) async throws -> Void) {
        self.write = write
    }

    func snapshot(_ data: ByteBuffer, seq: Int64) async throws {
        var buffer = ByteBuffer(string: "retry: 1000\n\nevent: snapshot\nid: \(seq)\ndata: ")
        buffer.writeImmutableBuffer(data)
        buffer.writeString("\n\n")
        try await write(buffer)
    }

    func events(_ events: [JournalEvent]) async throws {
        var buffer = ByteBuffer()
        // JSON has no line breaks outside of its strings, and escapes them there: one line each.
        for event in events { buffer.writeString("event: journal\nid: \(event.seq)\ndata: \(event.text)\n\n") }
        try await write(buffer)
    }

    func gap(from: Int64, to: Int64) async throws {
        try await write(ByteBuffer(string: "event: gap\nid: \(to)\ndata: {\"from\":\(from),\"to\":\(to)}\n\n"))
    }

    func pulse() async throws {
        try await write(ByteBuffer(string: ": keep-alive\n\n"))
    }
}

/// The streams of events: as server-sent events, and what a WebSocket is told that does not come as one.
struct LiveRoutes: Sendable {
    /// How many streams there may be at once.
    static let maxStreams = 100

    let feed: EventFeed
    let cache: SnapshotCache
    let door: Door
    let streams: StreamCount

    var routes: [Route] { [events, webSocket] }

    private var events: Route {
        Route(
            .get,
            "/api/v1/events",
            "Server-sent events: a snapshot, then every entry of the journal; with Last-Event-ID, what came behind that.",
            parameters: EventFilter.parameters,
            errors: [.serviceUnavailable],
            .raw(contentType: "text/event-stream", .text()) { request throws(APIError) in
                guard let ticket = streams.enter() else {
                    throw APIError(.serviceUnavailable, "\(Self.maxStreams) streams are open already")
                }
                let place = request.headers[.lastEventID].flatMap { Int64($0) } ?? request["after"]?.integerValue
                let filter = EventFilter(request.parameters)
                let stream = EventStream(feed: feed, cache: cache, channel: request.channel) {
                    door.stillAdmits(request.headers)
                }
                return Response(
                    status: .ok,
                    headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
                    body: ResponseBody { writer in
                        defer { ticket.leave() }
                        let sink = Writer(writer)
                        try await stream.run(
                            after: place,
                            filter: { filter },
                            into: ServerSentEvents { try await sink.write($0) }
                        )
                        try await writer.finish(nil)
                    }
                )
            }
        )
    }

    private var webSocket: Route {
        Route(
            .get,
            "/api/v1/ws",
            "The same stream on a WebSocket.",
            parameters: EventFilter.parameters,
            success: [101],
            errors: [.serviceUnavailable],
            .raw(contentType: "application/json", .open) { _ throws(APIError) in
                throw APIError(
                    .invalidParameters,
                    "this is a WebSocket; a connection's first request must ask for the upgrade"
                )
            }
        )
    }
}

/// A response's writer, for a closure that may be sent; one task uses it.
private final class Writer: @unchecked Sendable {
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) {
        self.writer = writer
    }

    func write(_ buffer: ByteBuffer) async throws {
        try await writer.write(buffer)
    }
}

extension HTTPField.Name {
    fileprivate static var lastEventID: HTTPField.Name? { HTTPField.Name("Last-Event-ID") }
}

extension HTTPFields {
    fileprivate subscript(name: HTTPField.Name?) -> String? { name.flatMap { self[$0] } }
}
