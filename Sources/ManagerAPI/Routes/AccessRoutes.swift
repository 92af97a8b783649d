internal import HTTPTypes
internal import Hummingbird
internal import ManagerCore
internal import MarketFiles
internal import NIOCore
internal import WireProtocol

/// Tokens, and the dashboard's login.
struct AccessRoutes: Sendable {
    let port: ManagerPort
    let isSecure: Bool

    var routes: [Route] { [list, make, revoke, session, login, logout] }

    private static let token = Schema.object(
        [Schema.Field("name", .workerID, isRequired: true), Schema.Field("scope", scope, isRequired: true)],
        isOpen: true
    )
    private static let scope = Schema.choice(AccessScope.allCases.map(\.rawValue))

    private var list: Route {
        Route(
            .get,
            "/api/v1/tokens",
            "The tokens that there are; never what they are.",
            scope: .admin,
            errors: [.serviceUnavailable],
            .envelope(.object([Schema.Field("tokens", .list(Self.token, max: 100), isRequired: true)])) {
                request throws(APIError) in
                APIAnswer(try await port.ask(.token, nil, ["op": "list"], for: request), "all tokens")
            }
        )
    }

    private var make: Route {
        Route(
            .post,
            "/api/v1/tokens",
            "Make a token; it is in this answer, and nowhere else ever.",
            scope: .admin,
            body: .object([
                Schema.Field("name", .workerID, "What it is called.", isRequired: true),
                Schema.Field("scope", Self.scope, "What it may do.", isRequired: true),
            ]),
            success: [201],
            errors: [.conflict, .serviceUnavailable],
            .envelope(Self.token) { request throws(APIError) in
                var payload = request.body.objectValue ?? [:]
                payload["op"] = "new"
                return APIAnswer(try await port.ask(.token, nil, payload, for: request), "made", status: 201)
            }
        )
    }

    private var revoke: Route {
        Route(
            .delete,
            "/api/v1/tokens/{name}",
            "Take a token away.",
            scope: .admin,
            parameters: [.path("name", .workerID, "What it is called.")],
            errors: [.serviceUnavailable],
            .envelope(.object([Schema.Field("name", .workerID, isRequired: true)])) { request throws(APIError) in
                let payload: [String: JSONValue] = ["op": "revoke", "name": request["name"] ?? .null]
                do throws(APIError) {
                    return APIAnswer(try await port.ask(.token, nil, payload, for: request), "revoked")
                } catch {
                    // The name is one: there is no such token.
                    throw error.code == .invalidParameters ? .notFound(error.message) : error
                }
            }
        )
    }

    private var session: Route {
        Route(
            .get,
            "/api/v1/session",
            "Who you are, and what you may do.",
            .envelope(
                .object([
                    Schema.Field("name", .text(1...80), isRequired: true),
                    Schema.Field("scope", Self.scope, isRequired: true),
                    Schema.Field("expires_at", .time, isRequired: true),
                ])
            ) { request in
                let ends = request.credential?.expiresAt
                return APIAnswer(
                    [
                        "name": JSONValue(request.credential?.who),
                        "scope": JSONValue(request.credential?.scope.rawValue),
                        "expires_at": ends.map { .string(TimeText.iso8601(nanoseconds: Int64($0 * 1e9))) } ?? .null,
                    ],
                    "your session"
                )
            }
        )
    }

    private var login: Route {
        Route(
            .get,
            "/login",
            "Begin a session in a browser, with the code of a link that 'quantcell dashboard' prints.",
            scope: nil,
            parameters: [.query("code", .text(1...256), "The code; good for one login within a minute.")],
            errors: [.unauthorized, .forbidden, .rateLimited],
            .raw(contentType: "text/html", .text()) { request throws(APIError) in
                let code = request["code"]?.stringValue ?? ""
                guard let session = port.manager.access.redeem(code: code) else {
                    throw APIError(.unauthorized, "this link is used or too old; 'quantcell dashboard' makes another")
                }
                // By a refresh, not by a redirect: the cookie then goes along, whoever's page the link was on.
                var response = DashboardFiles.page(
                    "QuantCell",
                    "<p>You are logged in. <a href=\"/\">Go on to the dashboard</a>.</p>",
                    head: "<meta http-equiv=\"refresh\" content=\"0;url=/\">"
                )
                response.headers[.setCookie] = cookie(session, seconds: Int(AccessControl.sessionSeconds))
                return response
            }
        )
    }

    private var logout: Route {
        Route(
            .post,
            "/logout",
            "End the session of this browser.",
            body: .object([]),
            .raw(contentType: "application/json", .open) { request throws(APIError) in
                if let session = Door.session(request.headers) { port.manager.access.end(session: session) }
                var response = Envelope.success(.null, message: "logged out")
                response.headers[.setCookie] = cookie("", seconds: 0)
                return response
            }
        )
    }

    private func cookie(_ value: String, seconds: Int) -> String {
        "\(Door.cookieName)=\(value); Path=/; HttpOnly; SameSite=Strict; Max-Age=\(seconds)\(isSecure ? "; Secure" : "")"
    }
}
