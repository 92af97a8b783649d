internal import HTTPTypes
internal import Hummingbird
internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// What a request carries on its way through the router.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Carries out the requests of one route: door, checks, action, envelope.
struct RouteResponder: HTTPResponder {
    let route: Route
    let door: Door
    /// The largest body, bytes.
    let maxBody: Int

    func respond(to request: Request, context: APIContext) async throws -> Response {
        do throws(APIError) {
            let credential = try door.admit(request.head, context.channel, isOpen: route.scope == nil)
            if let scope = route.scope, let held = credential?.scope, held < scope {
                throw APIError(
                    .forbidden,
                    "this needs a token of scope '\(scope.rawValue)'; yours is '\(held.rawValue)'"
                )
            }
            let asked = APIRequest(
                parameters: try parameters(request, context),
                body: try await body(of: request),
                credential: credential,
                origin: Door.origin(credential, context.channel),
                headers: request.headers,
                channel: context.channel
            )
            switch route.action {
            case .envelope(_, let handle):
                let answer = try await handle(asked)
                return Envelope.success(answer.data, message: answer.message, status: answer.status)
            case .raw(_, _, let handle): return try await handle(asked)
            }
        } catch {
            return Envelope.error(error)
        }
    }

    // MARK: Parameters

    private func parameters(_ request: Request, _ context: APIContext) throws(APIError) -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for parameter in route.parameters where parameter.place == .path {
            let raw = context.parameters.get(parameter.name) ?? rest(of: request.uri.path)
            guard let text = PathText.decode(raw) else {
                throw APIError(.invalidParameters, "'\(parameter.name)' is not percent-encoded UTF-8")
            }
            values[parameter.name] = try parameter.schema.read(text, at: parameter.name)
        }
        guard let pairs = PathText.query(request.uri.query ?? "") else {
            throw APIError(.invalidParameters, "the query is not percent-encoded UTF-8")
        }
        let known = route.parameters.filter { $0.place == .query }
        for (name, text) in pairs {
            guard let parameter = known.first(where: { $0.name == name }) else {
                let nearest = NearestName.find(name, in: known.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
                throw APIError(.invalidParameters, "there is no parameter '\(name.prefix(64))'\(nearest)")
            }
            guard values[name] == nil else { throw APIError(.invalidParameters, "'\(name)' is given twice") }
            values[name] = try parameter.schema.read(text, at: name)
        }
        return values
    }

    /// What stands in the place of a path's last parameter, slashes too.
    private func rest(of path: String) -> String {
        let prefix = route.path.prefix { $0 != "{" }
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : ""
    }

    // MARK: Body

    private func body(of request: Request) async throws(APIError) -> JSONValue {
        guard let schema = route.body else { return .null }
        let tooLarge = APIError(
            .payloadTooLarge,
            "the body is larger than \(maxBody) bytes; see 'api.limits.body_bytes'"
        )
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maxBody { throw tooLarge }
        let bytes: ByteBuffer
        do {
            bytes = try await request.body.collect(upTo: maxBody)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch {
            throw APIError(.invalidParameters, "the body cannot be read")
        }
        guard bytes.readableBytes > 0 else {
            try schema.check([:], at: "the body")
            return [:]
        }
        let type = request.headers[.contentType]?.lowercased() ?? ""
        guard type.split(separator: ";").first.map({ $0.split(separator: " ") }) == ["application/json"] else {
            throw APIError(.invalidParameters, "the body must be JSON, with 'content-type: application/json'")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw APIError(.invalidParameters, "the body is not JSON: \(error)")
        }
        try schema.check(value, at: "the body")
        return value
    }
}

extension JSONValue {
    fileprivate init(parsing bytes: ByteBuffer) throws(JSONError) {
        self = try bytes.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
        }.get()
    }
}
