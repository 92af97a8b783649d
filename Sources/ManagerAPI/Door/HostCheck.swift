internal import HTTPTypes
internal import ManagerCore

/// By which names the server may be called.
///
/// A page of somebody else can make its own name mean this machine (DNS rebinding), and then read what it likes; it cannot make the
/// browser send another name than its own.
struct HostCheck: Sendable {
    private let names: Set<String>
    /// Whether any address in digits will do: the server listens on all of them. Nobody can rebind an address.
    private let takesAddresses: Bool

    init(_ settings: Settings.API) {
        var names: Set<String> = ["localhost", "127.0.0.1", "[::1]"]
        let host = settings.host.lowercased()
        names.insert(host.contains(":") ? "[\(host)]" : host)
        names.formUnion(settings.allowedHosts.map { $0.lowercased() })
        self.names = names
        takesAddresses = ["0.0.0.0", "::"].contains(host)
    }

    /// Whether a `Host` may be served.
    func admits(authority: String) -> Bool {
        guard let name = Self.name(authority) else { return false }
        return names.contains(name) || takesAddresses && Self.isAddress(name)
    }

    /// Whether an `Origin` is the page's own server, called by `authority`.
    static func isOwn(origin: String, authority: String) -> Bool {
        let origin = origin.lowercased()
        let authority = authority.lowercased()
        return origin == "http://\(authority)" || origin == "https://\(authority)"
    }

    /// The name without a port.
    private static func name(_ authority: String) -> String? {
        guard authority.utf8.count <= 300 else { return nil }
        let text = authority.lowercased()
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            return isPort(rest) ? String(text[...end]) : nil
        }
        let end = text.firstIndex(of: ":") ?? text.endIndex
        return isPort(text[end...]) ? String(text[..<end]) : nil
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.first == ":" && text.dropFirst().count <= 5 && text.dropFirst().allSatisfy(\.isWholeNumber)
    }

    private static func isAddress(_ name: String) -> Bool {
        if name.hasPrefix("[") {
            return name.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
