internal import HTTPTypes
internal import WireProtocol

/// Why a request is not carried out; becomes the error envelope.
struct APIError: Error, Hashable {
    /// The codes that clients see.
    enum Code: String, CaseIterable {
        case workerStart = "WORKER_START_ERROR"
        case workerStop = "WORKER_STOP_ERROR"
        case workerNotFound = "WORKER_NOT_FOUND"
        case invalidWorkerConfig = "INVALID_WORKER_CONFIG"
        case invalidParameters = "INVALID_PARAMETERS"
        case scaling = "SCALING_ERROR"
        case serviceUnavailable = "SERVICE_UNAVAILABLE"
        case internalError = "INTERNAL_ERROR"
        case unauthorized = "UNAUTHORIZED"
        case forbidden = "FORBIDDEN"
        case conflict = "CONFLICT"
        case rateLimited = "RATE_LIMITED"
        case payloadTooLarge = "PAYLOAD_TOO_LARGE"

        /// The status that goes with it.
        var status: Int {
            switch self {
            case .workerStart, .workerStop, .internalError: 500
            case .workerNotFound: 404
            case .invalidWorkerConfig, .invalidParameters: 400
            case .scaling, .conflict: 409
            case .serviceUnavailable: 503
            case .unauthorized: 401
            case .forbidden: 403
            case .rateLimited: 429
            case .payloadTooLarge: 413
            }
        }
    }

    let code: Code
    let message: String
    let status: Int

    init(_ code: Code, _ message: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.status = status ?? code.status
    }

    /// Nothing is there. The list of codes has none for it.
    static func notFound(_ message: String) -> APIError {
        APIError(.invalidParameters, message, status: 404)
    }

    /// What the manager refuses.
    init(_ answer: Message) {
        let code = answer.payload["code"]?.stringValue.flatMap(Code.init(rawValue:)) ?? .internalError
        self.init(code, answer.payload["message"]?.stringValue ?? "the manager refused without a reason")
    }
}
