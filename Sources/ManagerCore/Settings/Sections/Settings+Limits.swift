extension Settings {
    /// What a worker's process may use. Zero or nothing: no limit of ours.
    public struct Limits: Codable, Hashable, Sendable {
        /// Memory that it may map.
        public var memory = SettingsSize(bytes: 0)
        /// Processor time in all; then it is ended by SIGXCPU.
        public var cpuSeconds = 0
        /// Open descriptors, 0 or 16 to 1,048,576.
        public var openFiles = 0
        /// Processes and threads of its user.
        public var processes = 0
        /// The largest core file; nothing: the manager's own limit.
        public var coreSize = SettingsSize(bytes: 0)
        /// Physical memory of it and everything that it starts; needs a control group.
        public var physicalMemory = SettingsSize(bytes: 0)
        /// Processor time of it and everything that it starts, in processors: 0.5 is half of one, up to 10,000; needs a control group.
        public var cpus = 0.0
        /// Added to its niceness, -20 to 19; below 0 needs root.
        public var nice = 0
        /// The processors that it may run on, by number; none: all.
        public var cpuAffinity: [Int] = []
        /// The user that it runs as, by name; needs root, and an executable rather than a spare.
        public var user = ""

        /// No limits.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case memory
            case cpuSeconds = "cpu_seconds"
            case openFiles = "open_files"
            case processes
            case coreSize = "core_size"
            case physicalMemory = "physical_memory"
            case cpus
            case nice
            case cpuAffinity = "cpu_affinity"
            case user
        }

        func check(with checker: inout SettingsChecker, at path: String) {
            if memory.bytes != 0 {
                checker.range(memory, .mebibytes(16)...(.mebibytes(1 << 24)), "\(path).memory")
            }
            checker.range(cpuSeconds, 0...1_000_000_000, "\(path).cpu_seconds")
            if openFiles != 0 { checker.range(openFiles, 16...1_048_576, "\(path).open_files") }
            checker.range(processes, 0...4_194_304, "\(path).processes")
            if physicalMemory.bytes != 0 {
                checker.range(physicalMemory, .mebibytes(1)...(.mebibytes(1 << 24)), "\(path).physical_memory")
            }
            if cpus != 0 { checker.range(cpus, 0.01...10_000, "\(path).cpus") }
            checker.range(nice, -20...19, "\(path).nice")
            for (index, processor) in cpuAffinity.enumerated() {
                checker.range(processor, 0...1023, "\(path).cpu_affinity[\(index)]")
            }
            checker.require(user.utf8.count <= 32 && user.utf8.allSatisfy(SettingsChecker.isWordByte), "\(path).user") {
                "must be a user's name, not '\(user.printable)'"
            }
        }
    }

    /// When restarts of many workers are slowed down, so that the machine stays usable.
    public struct Storm: Codable, Hashable, Sendable {
        /// Processes that are started a second, 0.1 to 10,000.
        public var spawnRate = 20.0
        /// Processes that may be started at once before that counts, 1 to 10,000.
        public var spawnBurst = 20
        /// Failures of one cause within ``window`` after which all restarts wait, 2 to 1,000.
        public var failures = 5
        /// The window in which failures belong together, 100 ms to an hour.
        public var window = SettingsDuration.seconds(5)
        /// How long restarts wait then, up to an hour.
        public var pause = SettingsDuration.seconds(5)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case spawnRate = "spawn_rate"
            case spawnBurst = "spawn_burst"
            case failures
            case window
            case pause
        }

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.range(spawnRate, 0.1...10_000, "\(path).spawn_rate")
            checker.range(spawnBurst, 1...10_000, "\(path).spawn_burst")
            checker.range(failures, 2...1000, "\(path).failures")
            checker.range(window, .milliseconds(100)...(.hours(1)), "\(path).window")
            checker.range(pause, .seconds(0)...(.hours(1)), "\(path).pause")
        }
    }

    /// The files that the workers' output goes to.
    public struct Logs: Codable, Hashable, Sendable {
        /// The size at which a file is put aside and a new one begun, 64 KiB to 1 TiB.
        public var maxBytes = SettingsSize.mebibytes(50)
        /// How many files that were put aside are kept for each worker, 0 to 1,000.
        public var keep = 5

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case maxBytes = "max_bytes"
            case keep
        }

        func check(with checker: inout SettingsChecker) {
            checker.range(maxBytes, .kibibytes(64)...(.mebibytes(1 << 20)), "logs.max_bytes")
            checker.range(keep, 0...1000, "logs.keep")
        }
    }
}
