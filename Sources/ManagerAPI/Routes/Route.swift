internal import HTTPTypes
internal import Hummingbird
internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// A place of the API: what it takes, what it answers, and what it does. The router and the OpenAPI document are made from it.
struct Route: Sendable {
    /// What it does with a request that has been checked.
    typealias Handler = @Sendable (APIRequest) async throws(APIError) -> APIAnswer
    /// What it does where the answer is no envelope.
    typealias RawHandler = @Sendable (APIRequest) async throws(APIError) -> Response

    enum Action: Sendable {
        /// Answers in an envelope; the schema is that of `data`.
        case envelope(Schema, Handler)
        /// Answers otherwise.
        case raw(contentType: String, Schema, RawHandler)
    }

    let method: HTTPRequest.Method
    /// With parameters in braces, as in `/api/v1/workers/{id}`.
    let path: String
    let summary: String
    /// What one must be allowed to; `nil`: nothing.
    let scope: AccessScope?
    let parameters: [Parameter]
    /// The body; `nil`: none is looked at.
    let body: Schema?
    let success: [Int]
    let errors: [APIError.Code]
    let action: Action

    init(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ summary: String,
        scope: AccessScope? = .read,
        parameters: [Parameter] = [],
        body: Schema? = nil,
        success: [Int] = [200],
        errors: [APIError.Code] = [],
        _ action: Action
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        self.scope = scope
        self.parameters = parameters
        self.body = body
        self.success = success
        self.errors = errors
        self.action = action
    }
}

/// Something that a path or a query holds.
struct Parameter: Sendable {
    enum Place: String, Sendable {
        case path
        case query
        case header
    }

    let name: String
    let place: Place
    let schema: Schema
    let about: String

    static func path(_ name: String, _ schema: Schema, _ about: String) -> Parameter {
        Parameter(name: name, place: .path, schema: schema, about: about)
    }

    static func query(_ name: String, _ schema: Schema, _ about: String) -> Parameter {
        Parameter(name: name, place: .query, schema: schema, about: about)
    }
}

/// A request that has passed the door and its route's checks.
struct APIRequest: Sendable {
    /// By name; those of a query only where they were given.
    let parameters: [String: JSONValue]
    let body: JSONValue
    let credential: Credential?
    let origin: CommandOrigin
    let headers: HTTPFields
    let channel: any Channel

    subscript(name: String) -> JSONValue? { parameters[name] }

    /// The worker that the path names.
    var workerID: String? { parameters["id"]?.stringValue }
}

/// What a route answers, in the envelope.
struct APIAnswer: Sendable {
    var status = 200
    let message: String
    /// The text of a JSON value.
    let data: ByteBuffer

    init(_ data: JSONValue, _ message: String, status: Int = 200) {
        self.init(ByteBuffer(string: data.text), message, status: status)
    }

    init(_ data: ByteBuffer, _ message: String, status: Int = 200) {
        self.status = status
        self.message = message
        self.data = data
    }
}
