internal import Hummingbird
internal import ManagerCore
internal import NIOCore
internal import WireProtocol

/// The manager, as the routes ask it: by the commands of the admin socket.
struct ManagerPort: Sendable {
    let manager: WorkerManager

    private var timeout: Duration { manager.settings.api.limits.commandTimeout.duration }

    /// Asks, and waits for the last word.
    ///
    /// - Returns: The answer's fields, as the command line prints them with `--json`.
    /// - Throws: ``APIError`` when the manager refuses, or does not run.
    func ask(
        _ type: MessageType,
        _ workerID: String? = nil,
        _ payload: [String: JSONValue] = [:],
        for request: APIRequest
    ) async throws(APIError) -> JSONValue {
        try await ask(type, workerID, payload, from: request.origin)
    }

    func ask(
        _ type: MessageType,
        _ workerID: String? = nil,
        _ payload: [String: JSONValue] = [:],
        from origin: CommandOrigin
    ) async throws(APIError) -> JSONValue {
        let request = Message(type, workerID: workerID, payload: .object(payload))
        let answer = await manager.ask(request, from: origin, timeout: timeout)
        guard answer.type == .ack, var members = answer.payload.objectValue else { throw APIError(answer) }
        members["result"] = nil
        return .object(members)
    }
}
