internal import Glibc
internal import HummingbirdCore
internal import ManagerCore
internal import NIOCore
internal import NIOPosix

/// Where the server listens.
struct ListenAddress: Sendable {
    let bind: BindAddress
    private let settings: Settings.API

    /// Makes the folder of a Unix socket where it is missing.
    ///
    /// - Throws: ``APIStartError`` when others could get at the socket, or somebody listens there already.
    init(_ settings: Settings.API, _ group: any EventLoopGroup) async throws {
        self.settings = settings
        guard !settings.unixSocket.isEmpty else {
            bind = .hostname(settings.host, port: settings.port)
            return
        }
        try Self.closeFolder(of: settings.unixSocket)
        // The server would take the place of whatever socket is there.
        if let other = try? await ClientBootstrap(group: group).connect(unixDomainSocketPath: settings.unixSocket).get()
        {
            try? await other.close()
            throw APIStartError("\(settings.unixSocket) is in use by another program; choose another 'api.unix_socket'")
        }
        bind = .unixDomainSocket(path: settings.unixSocket)
    }

    /// Closes a Unix socket that has just been bound to everybody but the owner; until then its folder keeps them out.
    func closeToOthers() {
        guard !settings.unixSocket.isEmpty else { return }
        chmod(settings.unixSocket, 0o600)
    }

    /// Removes a Unix socket that nobody listens on any more.
    func remove() {
        guard !settings.unixSocket.isEmpty else { return }
        unlink(settings.unixSocket)
    }

    /// The address as people and clients write it.
    func text(_ channel: any Channel) -> String {
        guard settings.unixSocket.isEmpty else { return "unix:\(settings.unixSocket)" }
        let port = channel.localAddress?.port ?? settings.port
        let scheme = settings.tls.isOn ? "https" : "http"
        let host =
            switch settings.host {
            case "0.0.0.0": "127.0.0.1"
            case "::": "[::1]"
            case let host where host.contains(":"): "[\(host)]"
            case let host: host
            }
        return "\(scheme)://\(host):\(port)"
    }

    /// What stands in the way of listening, for a person.
    func failure(_ error: any Error) -> APIStartError {
        let place = settings.unixSocket.isEmpty ? "\(settings.host):\(settings.port)" : settings.unixSocket
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            return APIStartError(
                "HTTP cannot listen on \(place): another program does; stop it, or change 'api.port'",
                isOfAddress: true
            )
        }
        return APIStartError("HTTP cannot listen on \(place): \(error)", isOfAddress: true)
    }

    private static func closeFolder(of path: String) throws(APIStartError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        guard !folder.isEmpty else { throw APIStartError("'api.unix_socket' must lie in a folder of its own") }
        do throws(ManagerError) {
            try PrivateFolder.make(folder)
        } catch {
            throw APIStartError("'api.unix_socket': \(error)")
        }
    }
}

/// Why the HTTP server cannot start; what a person is told.
public struct APIStartError: Error, CustomStringConvertible {
    /// What is in the way.
    public let description: String
    /// Whether it is the address that cannot be had.
    let isOfAddress: Bool

    init(_ description: String, isOfAddress: Bool = false) {
        self.description = description
        self.isOfAddress = isOfAddress
    }
}
