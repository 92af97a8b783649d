internal import HTTPTypes
internal import ManagerCore
internal import WireProtocol

/// The OpenAPI 3.1 document, made from the routes.
enum OpenAPIDocument {
    static func make(_ routes: [Route]) -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for route in routes {
            var methods = paths[route.path]?.objectValue ?? [:]
            methods[route.method.rawValue.lowercased()] = operation(route)
            paths[route.path] = .object(methods)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "QuantCell", "version": .string(QuantCell.version),
                "description":
                    "Supervises trading strategies. Commands are those of the command line; every answer has one of two envelopes.",
            ],
            "security": [["token": []]],
            "paths": .object(paths),
            "components": [
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
                "schemas": ["Error": error],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONValue {
        var operation: [String: JSONValue] = [
            "summary": .string(route.summary),
            "operationId": .string(name(route)),
            "responses": responses(route),
            "description": .string(route.scope.map { "Needs scope '\($0.rawValue)'." } ?? "Needs no token."),
        ]
        if route.scope == nil { operation["security"] = [] }
        let parameters = route.parameters.map { parameter -> JSONValue in
            var json: [String: JSONValue] = [
                "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
                "description": .string(parameter.about), "schema": parameter.schema.json,
                "required": .bool(parameter.place == .path || route.path == "/login"),
            ]
            if case .list = parameter.schema {
                json["style"] = "form"
                json["explode"] = false
            }
            return .object(json)
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = route.body {
            operation["requestBody"] = [
                "required": .bool(body.hasRequiredFields), "content": ["application/json": ["schema": body.json]],
            ]
        }
        return .object(operation)
    }

    private static func name(_ route: Route) -> String {
        let words = route.path.split { !$0.isLetter && !$0.isNumber }.drop { $0 == "api" || $0 == "v1" }
        return ([route.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private static func responses(_ route: Route) -> JSONValue {
        var responses: [String: JSONValue] = [:]
        for status in route.success { responses["\(status)"] = success(route, status) }
        var codes = Set(route.errors)
        if route.scope != nil { codes.formUnion([.unauthorized, .forbidden, .rateLimited]) }
        if !route.parameters.isEmpty || route.body != nil { codes.insert(.invalidParameters) }
        // A parameter that is not there is refused, too.
        codes.formUnion([.invalidParameters, .internalError])
        if route.body != nil { codes.insert(.payloadTooLarge) }
        var statuses: [Int: [APIError.Code]] = [:]
        for code in codes { statuses[code.status, default: []].append(code) }
        for (status, codes) in statuses {
            responses["\(status)"] = [
                "description": .string(codes.map(\.rawValue).sorted().joined(separator: ", ")),
                "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
            ]
        }
        if route.parameters.contains(where: { $0.place == .path }), responses["404"] == nil {
            responses["404"] = [
                "description": "There is nothing of that name.",
                "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
            ]
        }
        return .object(responses)
    }

    private static func success(_ route: Route, _ status: Int) -> JSONValue {
        switch route.action {
        case .envelope(let data, _):
            let schema = Schema.object([
                Schema.Field("status", .choice(["success"]), isRequired: true),
                Schema.Field("message", .text(), isRequired: true), Schema.Field("data", data, isRequired: true),
                Schema.Field("timestamp", .text(1...64), isRequired: true),
            ])
            return ["description": "Done.", "content": ["application/json": ["schema": schema.json]]]
        case .raw(let type, let schema, _):
            if status == 101 { return ["description": "The connection is a WebSocket from here on."] }
            return ["description": "Done.", "content": .object([type: ["schema": schema.json]])]
        }
    }

    private static let error = Schema.object([
        Schema.Field("status", .choice(["error"]), isRequired: true),
        Schema.Field("error_code", .choice(APIError.Code.allCases.map(\.rawValue)), isRequired: true),
        Schema.Field("message", .text(), isRequired: true), Schema.Field("data", .nullable(.open), isRequired: true),
        Schema.Field("timestamp", .text(1...64), isRequired: true),
    ]).json
}

extension Schema {
    /// Whether an empty object would not do.
    fileprivate var hasRequiredFields: Bool {
        switch self {
        case .object(let fields, _): fields.contains(where: \.isRequired)
        case .either(let schemas): schemas.allSatisfy(\.hasRequiredFields)
        default: false
        }
    }
}
