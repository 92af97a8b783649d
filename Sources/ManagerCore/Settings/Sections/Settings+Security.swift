extension Settings {
    /// Who may connect.
    public struct Security: Codable, Hashable, Sendable {
        /// Folder of the manager's keys and of those that are allowed; empty: `keys` in the data folder.
        public var keysDir = ""
        /// Whether TCP endpoints are open to everybody who reaches them, without keys and in clear text.
        public var insecureTCP = false
        /// Users of this machine, by name or number, who may connect over ipc beside the manager's own and root; at most 64.
        public var allowedUsers: [String] = []

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case keysDir = "keys_dir"
            case insecureTCP = "insecure_tcp"
            case allowedUsers = "allowed_users"
        }

        func check(with checker: inout SettingsChecker) {
            checker.path(keysDir, "security.keys_dir")
            checker.require(allowedUsers.count <= 64, "security.allowed_users") {
                "must hold at most 64 users, not \(allowedUsers.count)"
            }
            for (index, user) in allowedUsers.enumerated() {
                checker.require(1...256 ~= user.utf8.count, "security.allowed_users[\(index)]") {
                    "must be the name or the number of a user, not '\(user.printable)'"
                }
            }
        }
    }
}
