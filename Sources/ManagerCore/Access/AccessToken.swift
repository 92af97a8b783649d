internal import MarketFiles
internal import WireProtocol

/// A token of a program, as it is kept: by its hash.
struct AccessToken: Hashable, Sendable {
    let name: String
    let scope: AccessScope
    let digest: [UInt8]
    /// Nanoseconds since the Unix epoch.
    let createdAt: Int64

    /// As it is shown.
    var json: JSONValue {
        [
            "name": .string(name), "scope": .string(scope.rawValue),
            "created_at": .string(TimeText.iso8601(nanoseconds: createdAt)),
        ]
    }
}

extension AccessToken {
    /// As it is in the file.
    var record: JSONValue {
        [
            "name": .string(name), "scope": .string(scope.rawValue), "sha256": .string(Secret.hex(digest)),
            "created_ns": .integer(createdAt),
        ]
    }

    /// Reads ``record``; `nil` when it is none.
    init?(record: JSONValue) {
        guard let name = record["name"]?.stringValue, StrategyConfig.isName(name),
            let scope = record["scope"]?.stringValue.flatMap(AccessScope.init(rawValue:)),
            let digest = record["sha256"]?.stringValue.flatMap(Secret.bytes(hex:)),
            let createdAt = record["created_ns"]?.integerValue
        else { return nil }
        self.init(name: name, scope: scope, digest: digest, createdAt: createdAt)
    }
}
