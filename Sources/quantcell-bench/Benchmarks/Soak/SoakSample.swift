/// What one process had at one moment.
struct ProcessSample {
    let privateKiB: Double
    let residentKiB: Double
    let descriptors: Double
    let threads: Double

    init(of pid: Int32) throws {
        let memory = try ProcessMemory(of: pid)
        privateKiB = memory.privateKiB
        residentKiB = memory.residentKiB
        descriptors = Double(Files.names(in: "/proc/\(pid)/fd").count)
        threads = Double(Files.names(in: "/proc/\(pid)/task").count)
    }

    /// The mean of some.
    init?(mean samples: [ProcessSample]) {
        guard !samples.isEmpty else { return nil }
        func mean(_ part: (ProcessSample) -> Double) -> Double {
            samples.reduce(0) { $0 + part($1) } / Double(samples.count)
        }
        privateKiB = mean(\.privateKiB)
        residentKiB = mean(\.residentKiB)
        descriptors = mean(\.descriptors)
        threads = mean(\.threads)
    }
}

/// What there was at one moment.
struct SoakSample {
    /// Since the beginning.
    let seconds: Double
    let manager: ProcessSample
    /// The mean of the workers that nobody touches.
    let steady: ProcessSample
    let python: ProcessSample?
    /// Workers and spares, and what may be left of them.
    let children: Double
    let journalKiB: Double
    let recordKiB: Double
    let recordLogKiB: Double
    let logsKiB: Double

    init(_ site: SoakSite, _ pids: SoakPIDs, seconds: Double) throws {
        self.seconds = seconds
        manager = try ProcessSample(of: site.manager.pid)
        guard let mean = ProcessSample(mean: try pids.steady.map { try ProcessSample(of: $0) }) else {
            throw BenchError("no worker is left in peace")
        }
        steady = mean
        python = try pids.python.map { try ProcessSample(of: $0) }
        children = Double(site.manager.children.count)
        let data = "\(site.manager.folder)/data"
        journalKiB = Files.kibibytes("\(data)/journal.db") + Files.kibibytes("\(data)/journal.db-wal")
        recordKiB = Files.kibibytes("\(data)/market.db")
        recordLogKiB = Files.kibibytes("\(data)/market.db-wal")
        logsKiB = Files.kibibytes("\(data)/logs")
    }
}

/// The processes of the workers that nobody touches.
struct SoakPIDs {
    let steady: [Int32]
    let python: Int32?

    init(_ site: SoakSite) throws {
        steady = try site.steady.map { try site.manager.status($0).pid }
        python = try site.python.map { try site.manager.status($0).pid }
    }
}
