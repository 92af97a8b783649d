internal import WireProtocol

/// Something that lets one in for a while: a login link's code, or a session. Kept by its hash.
struct AccessPass: Hashable, Sendable {
    let digest: [UInt8]
    let scope: AccessScope
    /// Seconds since the Unix epoch.
    let expiresAt: Double
}

extension AccessPass {
    /// As it is in the file.
    var record: JSONValue {
        ["sha256": .string(Secret.hex(digest)), "scope": .string(scope.rawValue), "expires_at": .number(expiresAt)]
    }

    /// Reads ``record``; `nil` when it is none.
    init?(record: JSONValue) {
        guard let digest = record["sha256"]?.stringValue.flatMap(Secret.bytes(hex:)),
            let scope = record["scope"]?.stringValue.flatMap(AccessScope.init(rawValue:)),
            let expiresAt = record["expires_at"]?.doubleValue
        else { return nil }
        self.init(digest: digest, scope: scope, expiresAt: expiresAt)
    }
}
