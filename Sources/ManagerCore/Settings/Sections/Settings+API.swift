internal import WireProtocol

extension Settings {
    /// The HTTP interface: REST, live events, dashboard.
    public struct API: Codable, Hashable, Sendable {
        /// Whether `quantcell-manager` serves HTTP. A program that embeds the manager starts a server itself.
        public var enabled = true
        /// Address to listen on.
        public var host = "127.0.0.1"
        /// TCP port, 1 to 65,535; 0 for any that is free.
        public var port = 8090
        /// Path of a Unix socket to listen on instead of host and port; empty: none.
        public var unixSocket = ""
        /// Encryption.
        public var tls = TLS()
        /// Whether an address that others can reach may be served without encryption.
        public var insecure = false
        /// Names, beside its own, by which clients may call the server.
        public var allowedHosts: [String] = []
        /// Folders from which strategies may be started over HTTP.
        public var strategyDirs: [String] = []
        /// Folder of the dashboard's files; empty: beside the program.
        public var dashboardDir = ""
        /// What clients may take.
        public var limits = Limits()

        /// The defaults.
        public init() {}

        /// Files of a certificate and its key; both empty: no encryption.
        public struct TLS: Codable, Hashable, Sendable {
            /// PEM file of the certificate, with those that lead to its root.
            public var certificate = ""
            /// PEM file of the private key.
            public var key = ""

            /// No encryption.
            public init() {}

            /// Whether HTTP is encrypted.
            public var isOn: Bool { !certificate.isEmpty }
        }

        /// What clients may take.
        public struct Limits: Codable, Hashable, Sendable {
            /// Connections at once.
            public var connections = 256
            /// Requests a second of one token, or of one address without a token; 0: no limit.
            public var requestsPerSecond = 2000
            /// The largest body of a request.
            public var bodyBytes = SettingsSize.mebibytes(1)
            /// How long a request may take to arrive.
            public var requestTimeout = SettingsDuration(.seconds(10))
            /// How long a connection may be idle.
            public var idleTimeout = SettingsDuration(.seconds(60))
            /// How long a command may take before whoever asked is told that it is still under way.
            public var commandTimeout = SettingsDuration(.seconds(300))

            /// The defaults.
            public init() {}

            enum CodingKeys: String, CodingKey {
                case connections
                case requestsPerSecond = "requests_per_second"
                case bodyBytes = "body_bytes"
                case requestTimeout = "request_timeout"
                case idleTimeout = "idle_timeout"
                case commandTimeout = "command_timeout"
            }
        }

        enum CodingKeys: String, CodingKey {
            case enabled
            case host
            case port
            case unixSocket = "unix_socket"
            case tls
            case insecure
            case allowedHosts = "allowed_hosts"
            case strategyDirs = "strategy_dirs"
            case dashboardDir = "dashboard_dir"
            case limits
        }
    }
}

extension Settings.API {
    /// The keys that say where the server listens.
    package static let addressKeys: Set<String> = ["api.host", "api.port", "api.unix_socket"]

    /// Whether only programs on this machine can reach the server.
    public var isLocal: Bool {
        !unixSocket.isEmpty || ["localhost", "::1"].contains(host) || host.isLoopbackIPv4
    }

    func check(with checker: inout SettingsChecker) {
        let isHost = 1...253 ~= host.utf8.count && host.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        checker.require(isHost, "api.host") {
            "must be a host name or an IP address, not '\(host.printable)'"
        }
        checker.range(port, 0...65_535, "api.port")
        checker.path(unixSocket, "api.unix_socket")
        checker.require(tls.certificate.isEmpty == tls.key.isEmpty, "api.tls") {
            "needs both 'certificate' and 'key', or neither"
        }
        checker.path(tls.certificate, "api.tls.certificate")
        checker.path(tls.key, "api.tls.key")
        checker.require(!enabled || !isHost || isLocal || tls.isOn || insecure, "api.host") {
            "\(host.printable) can be reached by others: give 'api.tls' a certificate and a key, or say 'api.insecure: true'"
        }
        for (index, name) in allowedHosts.enumerated() {
            checker.require(1...253 ~= name.utf8.count, "api.allowed_hosts[\(index)]") { "must be a host name" }
        }
        for (index, folder) in strategyDirs.enumerated() {
            checker.path(folder, "api.strategy_dirs[\(index)]")
            checker.require(folder.hasPrefix("/"), "api.strategy_dirs[\(index)]") { "must be a folder" }
        }
        checker.path(dashboardDir, "api.dashboard_dir")
        checker.range(limits.connections, 1...100_000, "api.limits.connections")
        checker.range(limits.requestsPerSecond, 0...1_000_000, "api.limits.requests_per_second")
        checker.range(limits.bodyBytes, .kibibytes(1)...(.mebibytes(16)), "api.limits.body_bytes")
        let times = SettingsDuration(.milliseconds(100))...SettingsDuration(.seconds(3600))
        checker.range(limits.requestTimeout, times, "api.limits.request_timeout")
        checker.range(limits.idleTimeout, times, "api.limits.idle_timeout")
        checker.range(limits.commandTimeout, times, "api.limits.command_timeout")
    }
}

extension String {
    /// Whether it is one of 127.0.0.0/8, written as four numbers.
    fileprivate var isLoopbackIPv4: Bool {
        let parts = split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
