extension Settings {
    /// Limits, folders, endpoints and logging of the manager itself.
    public struct Manager: Codable, Hashable, Sendable {
        /// How many workers may run at once, 1 to 1,000.
        public var maxWorkers = 10
        /// Folder of sockets and lock; empty: by the rule of ``Folders``.
        public var runtimeDir = ""
        /// Folder of the durable files; empty: by the rule of ``Folders``.
        public var dataDir = ""
        /// Addresses of the sockets.
        public var endpoints = EndpointAddresses()
        /// Whether endpoints without an address use TCP on the loopback interface, ports 5555 to 5562, instead of ipc.
        public var tcpMode = false
        /// The least severe messages that are logged.
        public var logLevel = LogLevel.info
        /// How log lines look.
        public var logFormat = LogFormat.text
        /// The Swift compiler; empty: `swiftc` from `PATH`.
        public var swiftc = ""
        /// Folder that holds `StrategyKit.swiftmodule`; empty: found next to the executable.
        public var kitDir = ""
        /// How long a worker may take to stop when it is asked to, up to an hour.
        public var stopGrace = SettingsDuration.seconds(10)
        /// How long it then has after SIGTERM until SIGKILL, up to an hour.
        public var terminateGrace = SettingsDuration.seconds(5)
        /// How long a worker may take until it is running, 100 ms to an hour.
        public var startTimeout = SettingsDuration.seconds(30)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case maxWorkers = "max_workers"
            case runtimeDir = "runtime_dir"
            case dataDir = "data_dir"
            case endpoints
            case tcpMode = "tcp_mode"
            case logLevel = "log_level"
            case logFormat = "log_format"
            case swiftc
            case kitDir = "kit_dir"
            case stopGrace = "stop_grace"
            case terminateGrace = "terminate_grace"
            case startTimeout = "start_timeout"
        }

        func check(with checker: inout SettingsChecker) {
            checker.range(maxWorkers, 1...1000, "manager.max_workers")
            checker.range(stopGrace, Self.graces, "manager.stop_grace")
            checker.range(terminateGrace, Self.graces, "manager.terminate_grace")
            checker.range(startTimeout, .milliseconds(100)...(.hours(1)), "manager.start_timeout")
            for (key, path) in [
                (runtimeDir, "runtime_dir"), (dataDir, "data_dir"), (swiftc, "swiftc"), (kitDir, "kit_dir"),
            ] {
                checker.path(key, "manager.\(path)")
            }
            endpoints.check(with: &checker)
        }

        /// What a grace may be, here and for one strategy.
        static let graces: ClosedRange<SettingsDuration> = .seconds(0)...(.hours(1))
    }

    /// ZeroMQ addresses by endpoint; an empty list stands for the endpoint's default.
    public struct EndpointAddresses: Codable, Hashable, Sendable {
        /// PUB, market data to workers.
        public var data: [String] = []
        /// ROUTER, commands to workers.
        public var control: [String] = []
        /// PULL, heartbeats and signals from workers.
        public var status: [String] = []
        /// PULL, market data from publishers.
        public var feed: [String] = []
        /// ROUTER, the command line.
        public var admin: [String] = []
        /// PUB, events to tools.
        public var events: [String] = []
        /// ROUTER, recorded market data to workers.
        public var history: [String] = []
        /// ROUTER, market data from publishers that want to know what is on disk.
        public var publish: [String] = []

        /// The defaults.
        public init() {}

        func check(with checker: inout SettingsChecker) {
            var users: [String: String] = [:]
            for (name, addresses) in [
                ("data", data), ("control", control), ("status", status), ("feed", feed), ("admin", admin),
                ("events", events), ("history", history), ("publish", publish),
            ] {
                let path = "manager.endpoints.\(name)"
                checker.require(addresses.count <= 16, path) {
                    "must hold at most 16 addresses, not \(addresses.count)"
                }
                for (index, address) in addresses.enumerated() {
                    let path = "\(path)[\(index)]"
                    checker.require(Self.isAddress(address), path) {
                        "must be a ZeroMQ address such as tcp://127.0.0.1:5555 or ipc:///run/data.sock, not '\(address)'"
                    }
                    if let other = users.updateValue(path, forKey: address) {
                        checker.report("must not repeat '\(address)', the address of \(other)", path)
                    }
                }
            }
        }

        private static func isAddress(_ text: String) -> Bool {
            ["tcp://", "ipc://"].contains { text.hasPrefix($0) && text.count > $0.count }
                && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f }
        }
    }

    /// How severe a message is, by the levels of swift-log.
    public enum LogLevel: String, CaseIterable, SettingsScalar {
        /// Every step.
        case trace
        /// What helps to find a fault.
        case debug
        /// What an operator wants to see.
        case info
        /// Unusual, and no fault.
        case notice
        /// May become a fault.
        case warning
        /// A fault.
        case error
        /// A fault that stops the manager.
        case critical
    }

    /// How log lines look.
    public enum LogFormat: String, CaseIterable, SettingsScalar {
        /// Lines for people.
        case text
        /// One JSON object a line.
        case json
    }
}
