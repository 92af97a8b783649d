import ArgumentParser
import WireProtocol

/// `quantcell-bench memory`
struct Memory: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Private memory of spares and workers, and the manager's with 100 workers.",
        discussion: """
            Private is what a process does not share with any other: Private_Clean and Private_Dirty of smaps_rollup. The floor is a \
            process in C with the same four libzmq sockets, connected, and nothing else.
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(name: .long, help: "Running workers.")
    var workers = 100

    func validate() throws {
        guard (2...500).contains(workers) else { throw ValidationError("--workers must be 2 to 500") }
    }

    func run() throws {
        try options.report { try Self.measure(options, workers: workers, into: &$0) }
    }

    static func measure(_ options: BenchOptions, workers: Int = 100, into report: inout Report) throws {
        report.begin(
            "memory: \(workers) workers of one strategy, 4 spares",
            notes: ["floor: a process in C with the sockets of a worker. A figure is the median of the processes."]
        )
        report.progress("memory: starting \(workers) workers")
        let workspace = try Workspace()
        let fleet = try Fleet(options, workspace, workers: workers, spares: 4)
        defer { fleet.stop() }
        let program = try BareProgram(in: workspace)
        let endpoints = ["\(fleet.manager.folder)/run/data.sock", "\(fleet.manager.folder)/run/status.sock"]
        let parked = try (0..<4).map { _ in
            try Child("a bare process", program.path, ["park"] + endpoints.map { "ipc://\($0)" }, output: "/dev/null")
        }
        Clock.sleep(milliseconds: 3000)

        let floor = try parked.map { try ProcessMemory(of: $0.pid) }
        let running = try fleet.workers.map { try ProcessMemory(of: $0) }
        let spares = try fleet.manager.children.filter { !fleet.workers.contains($0) }.map { try ProcessMemory(of: $0) }
        guard !spares.isEmpty else { throw BenchError("the manager has no spare") }
        for (who, processes, limit) in [("idle spare", spares, nil), ("running worker", running, 1536.0)] {
            let parts: [(String, (ProcessMemory) -> Double, Double?)] = [
                ("private", \.privateKiB, limit), ("private dirty", \.privateDirtyKiB, nil),
                ("proportional (PSS)", \.proportionalKiB, nil),
            ]
            for (name, part, limit) in parts {
                report.add(
                    "\(who), \(name)",
                    "KiB",
                    processes.map(part),
                    floor: [Double](repeating: Figure.median(floor.map(part)), count: processes.count),
                    target: limit.map { .atMost($0) }
                )
            }
        }
        let manager = try ProcessMemory(of: fleet.manager.pid)
        report.add("manager, resident", "MiB", Figure([manager.residentKiB / 1024]), target: .atMost(40))
        report.add("manager, private", "MiB", Figure([manager.privateKiB / 1024]))
    }
}

/// A manager with many workers of one strategy.
final class Fleet {
    let manager: Manager
    /// The workers' processes.
    let workers: [Int32]

    init(_ options: BenchOptions, _ workspace: Workspace, workers count: Int, spares: Int) throws {
        var configuration = Manager.Configuration()
        configuration.spares = spares
        configuration.maxSpares = spares
        configuration.maxWorkers = count
        manager = try Manager(options, in: workspace, configuration)
        let probe = try Probe.write(to: manager.folder)
        let names = (1...count).map { "w\($0)" }
        // A few at once, as a person's script would; the first one alone, since it is compiled.
        try manager.ask(.start, payloads: [Manager.start(names[0], probe)])
        for start in stride(from: 1, to: count, by: 10) {
            try manager.ask(
                .start,
                payloads: names[start..<min(start + 10, count)].map { Manager.start($0, probe) }
            )
        }
        try manager.waitForSpares(spares)
        workers = try names.map { [manager] in try manager.status($0).pid }
    }

    func stop() {
        manager.stop()
    }
}

/// What a process takes of the memory, in KiB.
struct ProcessMemory {
    let residentKiB: Double
    let proportionalKiB: Double
    let privateCleanKiB: Double
    let privateDirtyKiB: Double

    var privateKiB: Double { privateCleanKiB + privateDirtyKiB }

    init(of pid: Int32) throws {
        var fields: [Substring: Double] = [:]
        for line in try Files.read("/proc/\(pid)/smaps_rollup").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, let value = Double(words[1]) { fields[words[0]] = value }
        }
        func field(_ name: Substring) throws -> Double {
            guard let value = fields[name] else { throw BenchError("/proc/\(pid)/smaps_rollup has no \(name)") }
            return value
        }
        residentKiB = try field("Rss:")
        proportionalKiB = try field("Pss:")
        privateCleanKiB = try field("Private_Clean:")
        privateDirtyKiB = try field("Private_Dirty:")
    }
}
