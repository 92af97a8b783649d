internal import WireProtocol

/// Parameters that were changed by command while a strategy ran, and what its configuration said of them then.
///
/// The latest word counts: what was changed by command stays over restarts of worker and manager, until the configuration says something
/// else of the same parameter than it did.
struct ChangedParams: Hashable {
    private var values: [String: JSONValue] = [:]
    private var configured: [String: JSONValue] = [:]

    init() {}

    /// Reads ``json``; nothing from anything else.
    init(_ json: JSONValue?) {
        values = json?["values"]?.objectValue ?? [:]
        configured = json?["configured"]?.objectValue ?? [:]
    }

    var json: JSONValue? {
        values.isEmpty ? nil : ["values": .object(values), "configured": .object(configured)]
    }

    /// Notes a change by command.
    mutating func change(_ changes: [String: JSONValue], from params: [String: JSONValue]) {
        for (key, value) in changes {
            if values[key] == nil { configured[key] = params[key] ?? .null }
            values[key] = value.laid(over: values[key] ?? params[key])
        }
    }

    /// What holds where the configuration says `params`.
    func applied(to params: [String: JSONValue]) -> [String: JSONValue] {
        var params = params
        for (key, value) in values where configured[key] == params[key] ?? .null { params[key] = value }
        return params
    }

    /// Forgets what the configuration, which says `params` now, has overruled.
    mutating func settle(with params: [String: JSONValue]) {
        for key in values.keys where configured[key] != params[key] ?? .null {
            values[key] = nil
            configured[key] = nil
        }
    }
}

extension StrategyConfig {
    /// Has those changes hold that the configuration has not overruled.
    mutating func lay(_ changes: ChangedParams) {
        changedParams = changes
        changedParams.settle(with: params)
        params = changedParams.applied(to: params)
    }
}

extension JSONValue {
    /// Objects are laid over what is there member by member; anything else replaces it.
    func laid(over base: JSONValue?) -> JSONValue {
        guard case .object(let new) = self, case .object(let old) = base else { return self }
        return .object(old.merging(new) { $1.laid(over: $0) })
    }
}
