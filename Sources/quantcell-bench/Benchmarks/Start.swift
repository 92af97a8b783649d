import ArgumentParser
import Glibc
import WireProtocol
import ZeroMQ

/// `quantcell-bench start`
struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "From a start request to the running strategy: warm, cold, and compiled for the first time.",
        discussion: """
            A start is timed as the round trip of the request, less that of a ping, and between the journal's entries for the \
            request and for the state 'running'. The floor is posix_spawn of a libzmq process in C up to its first message; for \
            the first compile it is the compiler alone, and for a strategy in Python without a spare an interpreter with pyzmq.
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(name: .long, help: "Starts in each round.")
    var starts: Int?

    func validate() throws {
        if let starts, !(1...1000).contains(starts) { throw ValidationError("--starts must be 1 to 1000") }
    }

    func run() throws {
        try options.report { try Self.measure(options, starts: starts, into: &$0) }
    }

    static func measure(_ options: BenchOptions, starts: Int? = nil, into report: inout Report) throws {
        let starts = starts ?? (options.long ? 100 : 20)
        let rounds = options.rounds(4, long: 10)
        report.begin(
            "start: from the request to 'running', \(rounds) rounds of \(starts) starts",
            notes: [
                "round trip: the request's, less the median of a ping's in the same round; the last word comes after the journal is on disk.",
                "journal: between the entries of the request and of the transition to running.",
                "floor: posix_spawn of a libzmq process in C up to its first message; of the first compile: swiftc alone;",
                "of .py without a spare: posix_spawn of python3 that imports pyzmq, up to its first message.",
            ]
        )
        let workspace = try Workspace()
        let warm = try StartProduct(options, workspace, spares: 2)
        defer { warm.manager.stop() }
        let cold = try StartProduct(options, workspace, spares: 0)
        defer { cold.manager.stop() }
        let floor = try StartFloor(workspace)
        let library = try warm.library()
        var results: [(warm: StartTimes, source: StartTimes, cold: StartTimes, bare: Latency)] = []
        for round in 1...rounds {
            report.progress("start: round \(round) of \(rounds)")
            results.append(
                (
                    try warm.round(starts, path: library), try warm.round(starts, path: warm.probe),
                    try cold.round(starts, path: library), try floor.round(starts)
                )
            )
        }
        let rows: [(String, [Latency], Double?, Double?)] = [
            ("compiled, warm spare, round trip", results.map(\.warm.roundTrip), 5, 20),
            ("compiled, warm spare, journal", results.map(\.warm.journal), nil, nil),
            (".swift compiled before, warm spare", results.map(\.source.roundTrip), nil, nil),
            ("compiled, no spare, round trip", results.map(\.cold.roundTrip), 60, nil),
        ]
        for (name, times, median, tail) in rows {
            for (percent, label, limit) in [(50.0, "median", median), (99.0, "p99", tail)] {
                report.add(
                    "\(name), \(label)",
                    "ms",
                    percent: percent,
                    of: times,
                    floor: results.map(\.bare),
                    per: 1_000_000,
                    target: limit.map { .atMost($0) }
                )
            }
        }
        try measurePython(options, (warm, cold), floor, starts, rounds, into: &report)
        try measureCompiling(options, workspace, warm, into: &report)
    }

    private static func measurePython(
        _ options: BenchOptions,
        _ products: (warm: StartProduct, cold: StartProduct),
        _ floor: StartFloor,
        _ starts: Int,
        _ rounds: Int,
        into report: inout Report
    ) throws {
        let probe = try Probe.writePython(to: products.warm.manager.folder)
        do {
            // The first one finds no spare, and brings them.
            for product in [products.warm, products.cold] { _ = try product.start(probe) }
        } catch {
            return report.progress("start: without Python: \(error)")
        }
        // Each takes an interpreter's time: fewer of them.
        let coldStarts = max(starts / 4, 1)
        var results: [(warm: StartTimes, bare: Latency, cold: StartTimes, interpreter: Latency)] = []
        for round in 1...rounds {
            report.progress("start: Python, round \(round) of \(rounds)")
            results.append(
                (
                    try products.warm.round(starts, path: probe, spareKey: "python_spares"), try floor.round(starts),
                    try products.cold.round(coldStarts, path: probe), try floor.interpreterRound(coldStarts)
                )
            )
        }
        for (percent, label, limit) in [(50.0, "median", 20.0), (99.0, "p99", nil)] {
            report.add(
                ".py, warm spare, round trip, \(label)",
                "ms",
                percent: percent,
                of: results.map(\.warm.roundTrip),
                floor: results.map(\.bare),
                per: 1_000_000,
                target: limit.map { .atMost($0) }
            )
        }
        report.add(
            ".py, no spare, round trip, median",
            "ms",
            percent: 50,
            of: results.map(\.cold.roundTrip),
            floor: results.map(\.interpreter),
            per: 1_000_000
        )
    }

    private static func measureCompiling(
        _ options: BenchOptions,
        _ workspace: Workspace,
        _ product: StartProduct,
        into report: inout Report
    ) throws {
        var (mine, bare): ([Double], [Double]) = ([], [])
        for round in 1...options.rounds(3, long: 10) {
            report.progress("start: first compile, round \(round)")
            let source = try Probe.write(to: workspace.path, comment: "round \(round)")
            mine.append(Double(try product.start(source)) / 1e9)
            bare.append(Double(try StartFloor.compile(source, options, workspace)) / 1e9)
        }
        report.add("first compile of a .swift, warm spare", "s", mine, floor: bare, target: .atMost(1))
    }
}

/// What a round of starts found.
private struct StartTimes {
    var roundTrip = Latency()
    var journal = Latency()
}

/// Starts under a manager.
private final class StartProduct {
    let manager: Manager
    /// The strategy's source.
    let probe: String
    private let spares: Int
    private var count = 0

    init(_ options: BenchOptions, _ workspace: Workspace, spares: Int) throws {
        self.spares = spares
        var configuration = Manager.Configuration()
        configuration.spares = spares
        configuration.maxSpares = spares
        manager = try Manager(options, in: workspace, configuration)
        probe = try Probe.write(to: manager.folder)
    }

    /// The strategy as a shared object, as the manager compiled it.
    func library() throws -> String {
        _ = try start(probe)
        let folder = "\(manager.folder)/data/compiled"
        let found = Files.names(in: folder).map { "\(folder)/\($0)/strategy.so" }.first(where: Files.exists)
        guard let found else { throw BenchError("the manager keeps no compiled strategy in \(folder)") }
        return found
    }

    func round(_ starts: Int, path: String, spareKey: String? = nil) throws -> StartTimes {
        var times = StartTimes()
        let pings = try (0..<starts).map { _ in
            let begin = Clock.monotonic
            try manager.ask(.ping)
            return Double(Clock.monotonic - begin)
        }
        let ping = Int64(Figure.median(pings))
        var journal = try Transitions(manager)
        for _ in 0..<starts {
            times.roundTrip.record(try start(path, spareKey: spareKey) - ping)
            let entries = try journal.read(manager, of: "w\(count)")
            guard let started = entries.started, let running = entries.changes.first(where: { $0.to == "running" })
            else { throw BenchError("the journal does not tell of the start") }
            times.journal.record(running.time - started)
        }
        return times
    }

    /// Starts a strategy, stops it again, and returns how long the start took.
    ///
    /// - Parameter spareKey: What counts its spares, where it is not loaded into one of Swift; one of them is waited for.
    func start(_ path: String, spareKey: String? = nil) throws -> Int64 {
        if let spareKey { try manager.waitForSpares(1, spareKey) } else { try manager.waitForSpares(spares) }
        Clock.sleep(milliseconds: 20)
        count += 1
        let begin = Clock.monotonic
        try manager.ask(.start, nil, Manager.start("w\(count)", path))
        let end = Clock.monotonic
        defer { _ = try? manager.ask(.stop, "w\(count)") }
        return end - begin
    }
}

/// Starts without a manager.
private final class StartFloor {
    private let workspace: Workspace
    private let program: BareProgram
    private let context: Context
    private let pull: Socket
    private let address: String

    init(_ workspace: Workspace) throws {
        self.workspace = workspace
        program = try BareProgram(in: workspace)
        context = try Context()
        pull = try Socket(context, .pull)
        address = "ipc://\(workspace.path)/hello"
        try pull.bind(address)
        try pull.set(.receiveTimeout, 10_000)
    }

    func round(_ starts: Int) throws -> Latency { try round(starts, program.path, ["hello", address]) }

    /// The same with a Python interpreter that imports what a worker cannot do without.
    func interpreterRound(_ starts: Int) throws -> Latency {
        guard let python = Files.program("python3") else { throw BenchError("there is no 'python3' in PATH") }
        let hello = """
            import signal, sys, zmq
            socket = zmq.Context().socket(zmq.PUSH)
            socket.connect(sys.argv[1])
            socket.send(b"hello")
            signal.pause()
            """
        return try round(starts, python, ["-c", hello, address])
    }

    private func round(_ starts: Int, _ executable: String, _ arguments: [String]) throws -> Latency {
        var times = Latency()
        for _ in 0..<starts {
            Clock.sleep(milliseconds: 20)
            let begin = Clock.monotonic
            let child = try Child("a bare process", executable, arguments, output: "/dev/null")
            guard try pull.receive(wait: true) != nil else { throw BenchError("a bare process said nothing") }
            times.record(Clock.monotonic - begin)
            child.kill()
        }
        return times
    }

    /// How long the compiler takes for a strategy.
    static func compile(_ source: String, _ options: BenchOptions, _ workspace: Workspace) throws -> Int64 {
        guard let compiler = Files.program("swiftc") else { throw BenchError("there is no 'swiftc' in PATH") }
        let kits = ["\(options.binaryFolder)/Modules", "\(options.binaryFolder)/../lib/quantcell/Modules"]
        let kit = kits.first { Files.exists("\($0)/StrategyKit.swiftmodule") } ?? kits[0]
        let begin = Clock.monotonic
        let arguments = [
            "-O", "-parse-as-library", "-emit-library", "-module-name", "Strategy", "-I", kit, "-o",
            "\(workspace.path)/alone.so", source,
        ]
        _ = try Child("swiftc", compiler, arguments, output: "\(workspace.path)/swiftc.log").result(
            milliseconds: 60_000
        )
        return Clock.monotonic - begin
    }
}
