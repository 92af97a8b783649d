/// What a client with a key may do.
package enum Role: String, CaseIterable, Sendable {
    /// Publish market data: `feed` and `publish`.
    case publisher
    /// Speak for the worker that has the key's name: `control` and `status`; and get market data.
    case worker
    /// Look: `data`, `history`, `events`, and questions over `admin`.
    case observer
    /// Give commands over `admin`, and all that an observer may.
    case `operator`

    /// Whether it lets a client connect to an endpoint.
    package func opens(_ endpoint: String) -> Bool {
        switch self {
        case .publisher: ["feed", "publish"].contains(endpoint)
        case .worker: ["control", "status", "data", "history"].contains(endpoint)
        case .observer, .operator: ["data", "history", "events", "admin"].contains(endpoint)
        }
    }
}
