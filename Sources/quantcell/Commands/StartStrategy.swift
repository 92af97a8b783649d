import ArgumentParser
import WireProtocol

/// `quantcell start-strategy`
struct StartStrategy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a strategy, or any other program, and print its id.",
        discussion: """
            PATH is a strategy in Swift (.swift) or Python (.py), a compiled one (.so), or any executable that speaks the \
            protocol; so is a .py file that may be executed and begins with #!. The command returns when the strategy is running; what the compiler has to say goes to standard error with \
            file and line.

            With --kind process any other program is kept alive, too: started with what follows --, held to its limits, restarted by \
            the policy, stopped by SIGTERM and then SIGKILL. It receives no market data, and counts as running when it has lived for a \
            second (ready_after).

            A strategy with a State goes on where its last checkpoint was; with --fresh it begins anew, and the checkpoint is \
            thrown away.

            A configuration file is a JSON object (not YAML) with any of these keys; flags beat it:
              {"name": "sma-btc", "symbols": ["BTC/USDT"], "data_types": ["kline"], "params": {"fast": 5}}

            EXAMPLE
              quantcell start-strategy sma_cross.swift --symbols BTC/USDT,ETH/USDT
              quantcell start-strategy sma_cross.swift --symbols BTC/USDT --param fast=5
              quantcell start-strategy sma_cross.py --symbols BTC/USDT --python ~/venv
              quantcell start-strategy my.swift --name my-btc --config my-btc.json
              quantcell start-strategy my.swift --name my-btc --warmup 200 --fresh
              quantcell start-strategy my.swift --symbols BTC/USDT --watch
              quantcell start-strategy strategies/any_language/turns.py --symbols BTC/USDT
              quantcell start-strategy --kind process /opt/gateway/run.sh --name gateway --env PORT=4002 -- --paper
            """
    )

    @Argument(help: "The strategy's file, or a program.", completion: .file())
    var path: String

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("What a program of its own is started with, behind --.", valueName: "args")
    )
    var arguments: [String] = []

    @Option(
        help: ArgumentHelp(
            "What it is: strategy, or process for a program that does not speak the protocol.",
            valueName: "kind"
        )
    )
    var kind: String?

    @Option(
        name: .customLong("env"),
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A variable of a program of its own.", valueName: "NAME=value")
    )
    var environment: [String] = []

    @Option(help: "The strategy's id; by default made from the file's name.")
    var name: String?

    @Option(help: ArgumentHelp("Instruments, such as BTC/USDT,ETH/USDT.", valueName: "list"))
    var symbols: String?

    @Option(help: ArgumentHelp("Kinds of data; kline unless given.", valueName: "list"))
    var dataTypes: String?

    @Option(
        name: .customLong("param"),
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("One of the strategy's settings; a value that is not JSON is text.", valueName: "key=value")
    )
    var params: [String] = []

    @Option(
        help: ArgumentHelp(
            "When more comes than it handles: lossless (all of it), conflate (the latest) or drop.",
            valueName: "way"
        )
    )
    var delivery: String?

    @Option(help: ArgumentHelp("Show it the last so many of each topic before it goes live.", valueName: "n"))
    var warmup: Int64?

    @Flag(help: "Reload it by itself when its file changes.")
    var watch = false

    @Option(
        help: ArgumentHelp(
            "The Python interpreter: its path, the folder of a virtual environment, or a name.",
            valueName: "path"
        ),
        completion: .file()
    )
    var python: String?

    @Flag(help: "Begin anew: throw the checkpoint away that there may be.")
    var fresh = false

    @Option(
        help: ArgumentHelp(
            "A JSON file with any of name, kind, arguments, environment, symbols, data_types, params, delivery, warmup, watch, python.",
            valueName: "file"
        ),
        completion: .file()
    )
    var config: String?

    @Flag(inversion: .prefixedNo, help: "Return when the strategy is running, or at once.")
    var wait = true

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print the new worker as JSON.")
    var json = false

    func validate() throws {
        if let warmup, warmup < 0 { throw ValidationError("--warmup must not be negative.") }
        for param in params where Parameter(param) == nil {
            throw ValidationError("--param needs key=value, not '\(param)'.")
        }
        for variable in environment where Variable(variable) == nil {
            throw ValidationError("--env needs NAME=value, not '\(variable)'.")
        }
        do {
            var flags = StartConfiguration()
            try lay(over: &flags)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        var configuration = StartConfiguration()
        if let config {
            configuration = try StartConfiguration(parsing: InputFile.text(at: config), path: config)
        }
        do {
            try lay(over: &configuration)
        } catch {
            throw CommandFailure.badFile("\(config ?? path): \(error)")
        }

        // A program may be started without being read.
        if configuration.kind != "process" { try InputFile.checkIsReadable(path) }

        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(120))
        let payload = configuration.payload(path: Path.absolute(path), isFresh: fresh, waits: wait)
        let answer = try client.ask(.start, payload: payload) {
            let verb = path.hasSuffix(".swift") ? "compiling and starting" : "starting"
            Diagnostics.note("\(verb) \(Path.name(path)) …")
        }
        guard let id = answer["worker_id"]?.stringValue else {
            throw CommandFailure.badAnswer("the manager's answer to 'start' lacks 'worker_id'")
        }
        let output = Output()
        try output.line(json ? WorkerCommand.result(answer).text : id)
        try output.flush()
    }

    /// Lays the flags over what a file says.
    private func lay(over configuration: inout StartConfiguration) throws(ProtocolError) {
        if let name { configuration.name = name }
        if let kind { configuration.kind = kind }
        if !arguments.isEmpty { configuration.arguments = arguments }
        for variable in environment.compactMap(Variable.init) {
            configuration.environment[variable.name] = variable.value
        }
        if let symbols { configuration.symbols = ListText.parts(symbols) }
        if let dataTypes { configuration.dataTypes = ListText.parts(dataTypes) }
        if let delivery { configuration.delivery = delivery }
        if let warmup { configuration.warmup = warmup }
        if watch { configuration.watch = true }
        if let python { configuration.python = python }
        for param in params.compactMap(Parameter.init) { configuration.params[param.key] = param.value }
        try configuration.check()
    }
}
