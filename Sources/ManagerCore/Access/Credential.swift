/// Somebody whom the door knows.
package struct Credential: Hashable, Sendable {
    /// How the journal names it: `token:NAME` or `dashboard`.
    package let who: String
    /// What it may do.
    package let scope: AccessScope
    /// When it ends, in seconds since the Unix epoch; `nil` for a token, which lasts until it is revoked.
    package let expiresAt: Double?
}
