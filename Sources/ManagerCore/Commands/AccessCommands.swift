internal import WireProtocol
internal import ZeroMQ

/// `token`: the tokens that programs use over HTTP.
///
/// Payload: `op`: `list` (the default): `tokens`, each with `name`, `scope` and `created_at`; `new`, with `name` and `scope`: `name`, `scope` and
/// `token`, which nobody sees a second time; `revoke`, with `name`: `name`.
enum TokenCommand: AdminCommand {
    static let type = MessageType.token
    static let isQuery = false

    static func isQuery(_ request: Message) -> Bool {
        (request.payload["op"]?.stringValue ?? "list") == "list"
    }

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let fields = PayloadFields(request)
            switch try fields.text("op") ?? "list" {
            case "list": reply.done(["tokens": .array(control.access.tokens.map(\.json))])
            case "new":
                let name = try name(fields)
                let scope = try AccessScope.read(fields, default: nil)
                change(control, reply) { access throws(ManagerError) in
                    let token = try access.makeToken(name: name, scope: scope)
                    return ["name": .string(name), "scope": .string(scope.rawValue), "token": .string(token)]
                }
            case "revoke":
                let name = try name(fields)
                change(control, reply) { access throws(ManagerError) in
                    try access.revokeToken(name: name)
                    return ["name": .string(name)]
                }
            case let op:
                throw ManagerError(.invalidParameters, "'op' must be list, new or revoke, not '\(op.printable)'")
            }
        } catch {
            reply.refused(error)
        }
    }

    private static func name(_ fields: PayloadFields) throws(ManagerError) -> String {
        guard let name = try fields.text("name") else {
            throw ManagerError(.invalidParameters, "'name' is missing")
        }
        return name
    }

    /// Changes the file of the tokens, on another thread: the disk may take its time.
    private static func change(
        _ control: WorkerControl,
        _ reply: Reply,
        _ body: @escaping @Sendable (AccessControl) throws(ManagerError) -> [String: JSONValue]
    ) {
        let crossing = Crossing(reply)
        Task.detached { [loop = control.loop, access = control.access] in
            let result = Result { () throws(ManagerError) in try body(access) }
            loop.execute { crossing.value.finish(result) }
        }
    }
}

/// `login`: a link that lets somebody log in to the dashboard once.
///
/// Payload: `scope` (default `operate`). Done: `url`, and `seconds` that it is good for.
enum LoginCommand: AdminCommand {
    static let type = MessageType.login
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let scope = try AccessScope.read(PayloadFields(request), default: .operate)
            guard let address = control.access.address else {
                let reason =
                    control.access.absence
                    ?? "'api.enabled' is false in its configuration, or QUANTCELL_API_ENABLED in its environment"
                throw ManagerError(.serviceUnavailable, "the manager serves no HTTP: \(reason)")
            }
            guard address.hasPrefix("http") else {
                throw ManagerError(.conflict, "the manager serves HTTP on \(address), where no browser gets")
            }
            let code = control.access.makeLoginCode(scope: scope)
            reply.done([
                "url": .string("\(address)/login?code=\(code)"),
                "seconds": .integer(Int64(AccessControl.codeSeconds)),
            ])
        } catch {
            reply.refused(error)
        }
    }
}

extension AccessScope {
    fileprivate static func read(
        _ fields: PayloadFields,
        default standard: AccessScope?
    ) throws(ManagerError) -> AccessScope {
        let name = try fields.text("scope")
        guard let scope = name.map(AccessScope.init(rawValue:)) ?? standard else {
            let found = name.map { ", not '\($0.printable)'" } ?? ""
            throw ManagerError(.invalidParameters, "'scope' must be one of \(expectation)\(found)")
        }
        return scope
    }
}
