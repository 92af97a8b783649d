import ArgumentParser
import WireProtocol

/// `quantcell-bench memory`
struct Memory: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Private memory of spares and workers, and the manager's with 100 workers.",
        discussion: """
            Private is what a process does not share with any other: Private_Clean and Private_Dirty of smaps_rollup. The floor is as \
            many processes in C with the same four libzmq sockets, and the one that they are connected to.
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
            notes: [
                "a worker's figure is the median of the processes, with the lowest and the highest.",
                "floor: \(workers) processes in C with the sockets of a worker, and the one in C that they are connected to.",
            ]
        )
        report.progress("memory: starting \(workers) workers")
        let workspace = try Workspace()
        let fleet = try Fleet(options, workspace, workers: workers, spares: 4)
        defer { fleet.stop() }
        let floor = try MemoryFloor(workspace, workers: workers)
        Clock.sleep(milliseconds: 3000)

        let parked = try floor.workers.map { try ProcessMemory(of: $0.pid) }
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
                    floor: [Double](repeating: Figure.median(parked.map(part)), count: processes.count),
                    target: limit.map { .atMost($0) }
                )
            }
        }
        let (manager, server) = try (ProcessMemory(of: fleet.manager.pid), ProcessMemory(of: floor.server.pid))
        report.add(
            "manager, resident",
            "MiB",
            [manager.residentKiB / 1024],
            floor: [server.residentKiB / 1024],
            target: .atMost(40)
        )
        report.add("manager, private", "MiB", [manager.privateKiB / 1024], floor: [server.privateKiB / 1024])
    }
}

/// As many processes in C, connected to one in C, with nothing but the sockets.
private final class MemoryFloor {
    let server: Child
    let workers: [Child]

    init(_ workspace: Workspace, workers count: Int) throws {
        let program = try BareProgram(in: workspace)
        let addresses = ["data", "status", "control"].map { "ipc://\(workspace.path)/bare-\($0)" }
        server = try Child("a bare server", program.path, ["serve"] + addresses, output: "/dev/null")
        workers = try (0..<count).map { _ in
            try Child("a bare worker", program.path, ["park"] + addresses, output: "/dev/null")
        }
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
