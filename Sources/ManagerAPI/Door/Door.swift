internal import HTTPTypes
internal import Hummingbird
internal import ManagerCore
internal import NIOCore

/// Lets a request in or not: who is it, by which name does it call, from which page does it come, and how often.
struct Door: Sendable {
    static let cookieName = "quantcell_session"

    let access: AccessControl
    let hosts: HostCheck
    let limiter: RateLimiter
    let connections: ConnectionTable

    /// - Parameter isOpen: Whether strangers are let in too.
    /// - Returns: Who it is; `nil` for a stranger at an open place.
    /// - Throws: ``APIError`` that says why it is turned away.
    func admit(_ head: HTTPRequest, _ channel: any Channel, isOpen: Bool) throws(APIError) -> Credential? {
        guard let authority = head.authority, hosts.admits(authority: authority) else {
            throw APIError(.forbidden, "this server is not called that; see 'api.allowed_hosts'")
        }
        let fields = head.headerFields
        if let origin = fields[.origin], !HostCheck.isOwn(origin: origin, authority: authority) {
            throw APIError(.forbidden, "requests from pages of other servers are not taken")
        }
        let found = credential(fields)
        guard limiter.admits(found?.credential.who ?? Self.address(of: channel)) else {
            throw APIError(.rateLimited, "too many requests; see 'api.limits.requests_per_second'")
        }
        guard let found else {
            if isOpen { return nil }
            throw APIError(
                .unauthorized,
                "a token is needed: 'quantcell token new --name N --scope S', then 'authorization: Bearer TOKEN'"
            )
        }
        // A browser sends the cookie along whoever's page asks; what changes something must come from our own.
        if found.isCookie, head.method != .get, head.method != .head, fields[.origin] == nil,
            fields[.secFetchSite] != "same-origin"
        {
            throw APIError(.forbidden, "a session's request must name its origin")
        }
        connections.trust(channel)
        return found.credential
    }

    /// Whether somebody who was let in would still be.
    func stillAdmits(_ fields: HTTPFields) -> Bool { credential(fields) != nil }

    private func credential(_ fields: HTTPFields) -> (credential: Credential, isCookie: Bool)? {
        if let token = Self.bearer(fields) { return access.credential(token: token).map { ($0, false) } }
        return Self.session(fields).flatMap { access.credential(session: $0) }.map { ($0, true) }
    }

    /// The token of an `Authorization` header.
    private static func bearer(_ fields: HTTPFields) -> String? {
        guard let value = fields[.authorization], value.utf8.count <= 512 else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    /// What the session's cookie holds.
    static func session(_ fields: HTTPFields) -> String? {
        for header in fields[values: .cookie] where header.utf8.count <= 8192 {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].trimmed == cookieName else { continue }
                return String(parts[1].trimmed)
            }
        }
        return nil
    }

    /// The address that a connection comes from; `unix` for one over a Unix socket.
    static func address(of channel: any Channel) -> String { channel.remoteAddress?.ipAddress ?? "unix" }

    /// Who gives a command, and from where, for the journal.
    static func origin(_ credential: Credential?, _ channel: any Channel) -> CommandOrigin {
        let from = channel.remoteAddress?.ipAddress.map { "http:\($0)" } ?? "http:unix"
        return CommandOrigin(who: credential?.who ?? "anonymous", from: from)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        drop { $0 == " " }.prefix { $0 != " " }
    }
}

extension HTTPField.Name {
    fileprivate static var secFetchSite: HTTPField.Name? { HTTPField.Name("Sec-Fetch-Site") }
}

extension HTTPFields {
    fileprivate subscript(name: HTTPField.Name?) -> String? { name.flatMap { self[$0] } }
}
