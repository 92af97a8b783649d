extension Settings {
    /// The HTTP interface. Its keys are read and checked; the server itself comes with a later version.
    public struct API: Codable, Hashable, Sendable {
        /// Whether the manager serves HTTP.
        public var enabled = false
        /// Address to listen on.
        public var host = "127.0.0.1"
        /// TCP port, 1 to 65,535.
        public var port = 8090
        /// Path of a Unix socket to listen on instead of host and port; empty: none.
        public var unixSocket = ""

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case enabled
            case host
            case port
            case unixSocket = "unix_socket"
        }

        func check(with checker: inout SettingsChecker) {
            checker.require(1...253 ~= host.utf8.count && host.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "api.host") {
                "must be a host name or an IP address, not '\(host.printable)'"
            }
            checker.range(port, 1...65_535, "api.port")
            checker.path(unixSocket, "api.unix_socket")
        }
    }
}
