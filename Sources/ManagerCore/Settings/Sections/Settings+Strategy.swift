public import WireProtocol

extension Settings {
    /// A strategy that starts with the manager.
    public struct Strategy: Codable, Hashable, Sendable {
        /// The worker's id: 1 to 64 of `A-Z a-z 0-9 . _ -`, unlike any other strategy's.
        public var name = ""
        /// What it is.
        public var kind = WorkerKind.strategy
        /// A Swift source, a Python file, a compiled strategy or an executable. In a file, relative to the file's folder.
        public var path = ""
        /// What an executable is started with.
        public var arguments: [String] = []
        /// Variables that an executable has besides those of the manager.
        public var environment: [String: String] = [:]
        /// How long a process must have lived to count as running; `nil`: as the supervisor says.
        public var readyAfter: SettingsDuration?
        /// The symbols that it receives.
        public var symbols: [String] = []
        /// The data types that it receives for each of them.
        public var dataTypes = ["kline"]
        /// What the strategy's own `Params` are read from.
        public var params = SettingsParameters()
        /// Whether it starts with the manager.
        public var enabled = true
        /// Whether it is reloaded when its file changes.
        public var watch = false
        /// Its own restart policy; `nil`: the supervisor's.
        public var restartPolicy: RestartPolicy?
        /// Its own heartbeat limits; `nil`: the supervisor's.
        public var health: Health?
        /// Its own error budget; `nil`: the supervisor's.
        public var errorBudget: ErrorBudget?
        /// What its process may use; `nil`: the supervisor's.
        public var limits: Limits?
        /// What it is given when more comes than it handles; `nil`: as the supervisor says.
        public var delivery: Delivery?
        /// How many of the last messages of each topic it is shown before it goes live; `nil`: as the supervisor says.
        public var warmup: Int?
        /// When its state is saved; `nil`: as the supervisor says.
        public var checkpoint: Checkpoint?
        /// Its own Python interpreter; `nil`: that of all.
        public var python: String?
        /// Its own stop grace, up to an hour; `nil`: the manager's.
        public var stopGrace: SettingsDuration?

        /// A strategy that receives bars of `symbols`.
        public init(name: String, path: String, symbols: [String] = [], params: [String: JSONValue] = [:]) {
            self.name = name
            self.path = path
            self.symbols = symbols
            self.params = SettingsParameters(params)
        }

        enum CodingKeys: String, CodingKey {
            case name
            case kind
            case path
            case arguments
            case environment
            case readyAfter = "ready_after"
            case symbols
            case dataTypes = "data_types"
            case params
            case enabled
            case watch
            case restartPolicy = "restart_policy"
            case health
            case errorBudget = "error_budget"
            case limits
            case delivery
            case warmup
            case checkpoint
            case python
            case stopGrace = "stop_grace"
        }

        static func check(_ strategies: [Strategy], with checker: inout SettingsChecker) {
            var paths: [String: String] = [:]
            for (index, strategy) in strategies.enumerated() {
                let path = "strategies[\(index)]"
                strategy.check(with: &checker, at: path)
                if !strategy.name.isEmpty, let other = paths.updateValue(path, forKey: strategy.name) {
                    checker.report("must be unique: \(other) is called '\(strategy.name)' too", "\(path).name")
                }
            }
        }

        private func check(with checker: inout SettingsChecker, at path: String) {
            checker.require(Self.isName(name), "\(path).name") {
                "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, not '\(name)'"
            }
            checker.require(!StrategyConfig.reservedNames.contains(name), "\(path).name") {
                "must be another than '\(name)', which over HTTP means something else"
            }
            checker.require(!self.path.isEmpty, "\(path).path") { "must be given: the strategy's file" }
            checker.path(self.path, "\(path).path")
            checker.require(symbols.count <= 10_000, "\(path).symbols") {
                "must be at most 10000, not \(symbols.count)"
            }
            for (index, symbol) in symbols.enumerated() {
                checker.symbol(symbol, "\(path).symbols[\(index)]")
            }
            checker.require(!dataTypes.isEmpty, "\(path).data_types") { "must name at least one, such as kline" }
            for (index, dataType) in dataTypes.enumerated() {
                checker.dataType(dataType, "\(path).data_types[\(index)]")
            }
            checkProgram(with: &checker, at: path)
            restartPolicy?.check(with: &checker, at: "\(path).restart_policy")
            health?.check(with: &checker, at: "\(path).health")
            errorBudget?.check(with: &checker, at: "\(path).error_budget")
            limits?.check(with: &checker, at: "\(path).limits")
            if let warmup { checker.range(warmup, Supervisor.warmups, "\(path).warmup") }
            checkpoint?.check(with: &checker, at: "\(path).checkpoint")
            if let python { checker.path(python, "\(path).python") }
            if let stopGrace {
                checker.range(stopGrace, Manager.graces, "\(path).stop_grace")
            }
        }

        private func checkProgram(with checker: inout SettingsChecker, at path: String) {
            if let problem = ProgramSurroundings.problem(of: arguments) {
                checker.report(problem, "\(path).arguments")
            }
            if let problem = ProgramSurroundings.problem(of: environment) {
                checker.report(problem, "\(path).environment")
            }
            if let readyAfter { checker.range(readyAfter, Supervisor.readyTimes, "\(path).ready_after") }
            guard kind == .process else { return }
            checker.require(symbols.isEmpty, "\(path).symbols") { "must be empty: a process receives no market data" }
            checker.require(params.values.isEmpty, "\(path).params") { "must be empty: a process has 'arguments'" }
        }

        /// A name is also a folder's name: `.` and `..` would be somebody else's folder.
        private static func isName(_ text: String) -> Bool {
            1...64 ~= text.utf8.count && text != "." && text != ".."
                && text.utf8.allSatisfy { SettingsChecker.isWordByte($0) || $0 == UInt8(ascii: ".") }
        }
    }
}
