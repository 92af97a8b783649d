internal import HTTPTypes
internal import ManagerCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1
internal import WireProtocol

/// Decides who gets a WebSocket, by the same rules as every other request.
struct WebSocketGate: Sendable {
    private static let path = "/api/v1/ws"

    let feed: EventFeed
    let cache: SnapshotCache
    let door: Door
    let streams: StreamCount

    /// Whether a request for an upgrade is granted.
    func admits(_ head: HTTPRequestHead, _ channel: any Channel) -> Bool {
        guard let request = try? HTTPRequest(head, secure: false, splitCookie: false),
            let path = request.path, path.prefix(while: { $0 != "?" }) == Self.path, parameters(path) != nil
        else { return false }
        do throws(APIError) {
            return try door.admit(request, channel, isOpen: false) != nil
        } catch {
            return false
        }
    }

    /// The session of a connection that was granted.
    ///
    /// - Throws: ``APIError`` when there are too many.
    func session(_ head: HTTPRequestHead, _ channel: any Channel) throws -> WebSocketSession {
        let request = try HTTPRequest(head, secure: false, splitCookie: false)
        guard let ticket = streams.enter(), let parameters = parameters(request.path) else {
            throw APIError(.serviceUnavailable, "too many streams are open already")
        }
        let fields = request.headerFields
        let stream = EventStream(feed: feed, cache: cache, channel: channel) { door.stillAdmits(fields) }
        return WebSocketSession(
            stream: stream,
            place: parameters["after"]?.integerValue,
            filter: EventFilter(parameters),
            ticket: ticket
        )
    }

    /// The parameters of the query; `nil` where they are none.
    private func parameters(_ path: String?) -> [String: JSONValue]? {
        guard let path, let query = PathText.query(path.drop { $0 != "?" }.dropFirst()) else { return nil }
        var values: [String: JSONValue] = [:]
        for (name, text) in query {
            guard let parameter = EventFilter.parameters.first(where: { $0.name == name }),
                let value = try? parameter.schema.read(text, at: name)
            else { return nil }
            values[name] = value
        }
        return values
    }
}
