import ArgumentParser
import WireProtocol

/// `quantcell start-strategy`
struct StartStrategy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a strategy and print its id.",
        discussion: """
            PATH is a strategy in Swift (.swift) or Python (.py), a compiled one (.so), or any executable that speaks the \
            protocol; so is a .py file that may be executed and begins with #!. The command returns when the strategy is running; what the compiler has to say goes to standard error with \
            file and line.

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
            """
    )

    @Argument(help: "The strategy's file.", completion: .file())
    var path: String

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
            "A JSON file with name, symbols, data_types, params, delivery, warmup and python.",
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
        do {
            var flags = StartConfiguration()
            try lay(over: &flags)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        try InputFile.checkIsReadable(path)
        var configuration = StartConfiguration()
        if let config {
            configuration = try StartConfiguration(parsing: InputFile.text(at: config), path: config)
        }
        do {
            try lay(over: &configuration)
        } catch {
            throw CommandFailure.badFile("\(config ?? path): \(error)")
        }

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
        if let symbols { configuration.symbols = ListText.parts(symbols) }
        if let dataTypes { configuration.dataTypes = ListText.parts(dataTypes) }
        if let delivery { configuration.delivery = delivery }
        if let warmup { configuration.warmup = warmup }
        if let python { configuration.python = python }
        for param in params.compactMap(Parameter.init) { configuration.params[param.key] = param.value }
        try configuration.check()
    }
}
