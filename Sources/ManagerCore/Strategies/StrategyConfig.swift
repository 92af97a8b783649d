internal import CLinux
internal import Glibc
public import Supervision
public import WireProtocol

/// How a strategy is brought to run.
enum StrategyKind: Hashable, Sendable {
    /// A Swift source file: compiled, then loaded into a spare.
    case source
    /// A shared object: loaded into a spare.
    case library
    /// A Python source file: loaded into a spare of its interpreter.
    case python
    /// A program that speaks the protocol itself.
    case executable
    /// A program that does not speak it.
    case process

    /// Whether it is loaded into a process of ours, rather than a program of its own.
    var isHosted: Bool { self != .executable && self != .process }
}

/// What a worker is to do, and how it is watched.
public struct StrategyConfig: Hashable, Sendable {
    /// The worker's id; empty for one that is made from the file's name.
    public var name: String
    /// The strategy: an absolute path.
    package internal(set) var path = ""
    /// Whether it is a strategy, or a program that is only kept alive.
    public var kind: Settings.WorkerKind
    /// What a program of its own is started with.
    public var arguments: [String]
    /// Variables that a program of its own has besides those of the manager.
    public var environment: [String: String]
    /// The instruments whose data it receives.
    public var symbols: [String]
    /// The kinds of data it receives.
    public var dataTypes: [String]
    /// Its parameters, by name.
    public var params: [String: JSONValue]
    /// When it is restarted.
    public var restartPolicy: RestartPolicy
    /// When it counts as alive.
    public var health: HealthCheckConfig
    /// Errors of callbacks that are forgiven within ``errorWindow``.
    public var errorBudget: Int
    /// How far back errors count.
    public var errorWindow: Duration
    /// How long it may take to stop when asked.
    public var stopGrace: Duration
    /// What its process may use.
    public var limits: Settings.Limits
    /// What it is given when more comes than it handles.
    public var delivery: Settings.Delivery
    /// How many of the last messages of each topic it is shown before it goes live.
    public var warmup: Int
    /// When its state is saved.
    public var checkpoint: Settings.Checkpoint
    /// Whether it is reloaded when its file changes.
    public var watch: Bool
    /// Those of ``params`` that were changed while it ran.
    var changedParams = ChangedParams()
    /// How long a process must have lived to count as running.
    public var readyAfter: Duration
    /// The interpreter of a strategy in Python: its path, the folder of a virtual environment, a name, or empty for `python3`.
    public var python: String

    /// Makes a configuration; what is left out has the defaults of the design.
    public init(
        name: String = "",
        kind: Settings.WorkerKind = .strategy,
        arguments: [String] = [],
        environment: [String: String] = [:],
        symbols: [String] = [],
        dataTypes: [String] = ["kline"],
        params: [String: JSONValue] = [:],
        restartPolicy: RestartPolicy = RestartPolicy(),
        health: HealthCheckConfig = HealthCheckConfig(),
        errorBudget: Int = 10,
        errorWindow: Duration = .seconds(60),
        stopGrace: Duration = .seconds(10),
        limits: Settings.Limits = Settings.Limits(),
        delivery: Settings.Delivery = .lossless,
        warmup: Int = 0,
        checkpoint: Settings.Checkpoint = Settings.Checkpoint(),
        watch: Bool = false,
        readyAfter: Duration = .seconds(1),
        python: String = ""
    ) {
        self.name = name
        self.kind = kind
        self.arguments = arguments
        self.environment = environment
        self.symbols = symbols
        self.dataTypes = dataTypes
        self.params = params
        self.restartPolicy = restartPolicy
        self.health = health
        self.errorBudget = errorBudget
        self.errorWindow = errorWindow
        self.stopGrace = stopGrace
        self.limits = limits
        self.delivery = delivery
        self.warmup = warmup
        self.checkpoint = checkpoint
        self.watch = watch
        self.readyAfter = readyAfter
        self.python = python
    }

    /// The file's name without its extension.
    var baseName: String {
        let file = path.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return String(file) }
        return String(file[..<dot])
    }

    /// Checks everything that can be checked before a process is started.
    ///
    /// - Throws: ``ManagerError``
    func validate() throws(ManagerError) -> StrategyKind {
        func refuse(_ reason: String) -> ManagerError { ManagerError(.invalidWorkerConfig, reason) }
        guard path.hasPrefix("/") else { throw refuse("the strategy's path must be absolute, not '\(path)'") }
        var info = stat()
        guard stat(path, &info) == 0 else { throw refuse("cannot read \(path): \(String(cString: strerror(errno)))") }
        guard info.st_mode & S_IFMT == S_IFREG else { throw refuse("\(path) is not a file") }
        // A program may be started without being read.
        guard access(path, kind == .process ? X_OK : R_OK) == 0 else {
            throw refuse("cannot \(kind == .process ? "execute" : "read") \(path): \(String(cString: strerror(errno)))")
        }
        guard Settings.Supervisor.warmups.contains(warmup) else {
            throw refuse("'warmup' must be from 0 to \(Settings.Supervisor.warmups.upperBound), not \(warmup)")
        }
        guard symbols.count <= 10_000, dataTypes.count <= 100 else { throw refuse("too many symbols or data types") }
        for symbol in symbols {
            for dataType in dataTypes {
                do {
                    _ = try Topic(symbol: symbol, dataType: dataType)
                } catch {
                    throw refuse(error.description)
                }
            }
        }
        if let problem = ProgramSurroundings.problem(of: arguments) { throw refuse("'arguments' \(problem)") }
        if let problem = ProgramSurroundings.problem(of: environment) { throw refuse("'environment' \(problem)") }
        if kind == .process {
            guard symbols.isEmpty, params.isEmpty else {
                throw refuse("a process receives no market data and has no 'params', but 'arguments' and 'environment'")
            }
            return .process
        }
        if let hostedKind {
            guard arguments.isEmpty, environment.isEmpty else {
                throw refuse("'arguments' and 'environment' are for executables; other strategies have 'params'")
            }
            return hostedKind
        }
        guard access(path, X_OK) == 0 else {
            throw refuse("\(path) is neither a .swift file, a .py file, a .so nor an executable program")
        }
        return .executable
    }

    /// How it is loaded into a process of ours; `nil` for a program of its own.
    private var hostedKind: StrategyKind? {
        if path.hasSuffix(".swift") { return .source }
        if path.hasSuffix(".so") { return .library }
        // A Python file that is a program by itself, as its first line and its mode say, speaks the protocol.
        if path.hasSuffix(".py"), access(path, X_OK) != 0 || !Self.namesInterpreter(path) { return .python }
        return nil
    }

    /// Whether the file begins with `#!`.
    private static func namesInterpreter(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var start: [UInt8] = [0, 0]
        return read(descriptor, &start, 2) == 2 && start == Array("#!".utf8)
    }

    /// Names that no worker can have: over HTTP they stand where ids do, and mean something else.
    static let reservedNames: Set<String> = ["status", "stats", "scale"]

    /// Whether `name` can be a worker's id, which also names its log file.
    static func isName(_ name: String) -> Bool {
        1...64 ~= name.utf8.count && name.first != "."
            && name.utf8.allSatisfy { byte in
                byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: ".")
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }
}
