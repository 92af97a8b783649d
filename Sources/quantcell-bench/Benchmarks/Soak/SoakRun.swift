import Glibc
import WireProtocol

/// Does something to the workers, asks, and looks, for as long as it lasts.
struct SoakRun {
    private static let progressInterval: Int64 = 10_000_000_000
    private static let commandInterval: Int64 = 700_000_000

    private let site: SoakSite
    private let length: Int64
    private let killInterval: Int64
    private let sampleInterval: Int64
    private var random: SoakRandom
    private(set) var log = SoakLog()

    init(_ site: SoakSite, seconds: Double, killEvery: Double, seed: UInt64) {
        self.site = site
        length = Int64(seconds * 1e9)
        killInterval = Int64(killEvery * 1e9)
        // Some 300 samples say as much as more would.
        sampleInterval = max(Int64(seconds * 1e9) / 300, 1_000_000_000)
        random = SoakRandom(state: seed)
    }

    /// - Parameter tell: Told every 10 s how things are.
    /// - Throws: ``BenchError`` when the manager ends, does not answer, or a worker that nobody touched is gone.
    mutating func run(_ tell: (String) -> Void) throws {
        let pids = try SoakPIDs(site)
        let begin = Clock.monotonic
        var (kill, command, sample, progress) = (begin + killInterval, begin, begin, begin + Self.progressInterval)
        while Clock.monotonic < begin + length {
            Clock.sleep(until: min(kill, command, sample, progress))
            let now = Clock.monotonic
            if now >= sample {
                log.samples.append(try SoakSample(site, pids, seconds: Double(now - begin) / 1e9))
                sample = Clock.monotonic + sampleInterval
            }
            if now >= kill {
                try killOne()
                kill += killInterval
            }
            if now >= command {
                try doSomething()
                command = Clock.monotonic + Self.commandInterval
            }
            if now >= progress {
                try site.check()
                if let text = text(now - begin) { tell(text) }
                progress += Self.progressInterval
            }
        }
        try end()
    }

    private func text(_ time: Int64) -> String? {
        guard let last = log.samples.last else { return nil }
        return """
            soak: \(time / 1_000_000_000) of \(length / 1_000_000_000) s; manager \(Number.text(last.manager.privateKiB / 1024)) MiB \
            private, \(Int(last.manager.descriptors)) descriptors, \(Int(last.manager.threads)) threads; a worker \
            \(Number.text(last.steady.privateKiB / 1024)) MiB; \(log.kills) kills, \(log.commands) commands, \(log.questions) questions
            """
    }

    // MARK: What happens to them

    private mutating func killOne() throws {
        let name = try victim()
        try attempt { site in
            if Glibc.kill(try site.manager.status(name).pid, SIGKILL) != 0 {
                throw BenchError("\(name) is gone", isRefusal: true)
            }
        }
        log.kills += 1
    }

    private mutating func doSomething() throws {
        let name = try victim()
        switch random.next() % 12 {
        case 0: try command(.restart, name)
        case 1:
            try command(.stop, name)
            // A stopped worker is not gone: a restart brings it back.
            try command(.restart, name)
        case 2, 3:
            try command(.pause, name)
            try command(.resume, name)
        case 4: try question { _ = try $0.manager.ask(.journal, nil, ["limit": 1000]) }
        case 5: try question { _ = try $0.manager.ask(.signals, nil, ["limit": 1000]) }
        case 6: try question { _ = try $0.manager.ask(.list) }
        case 7: try question { _ = try $0.manager.ask(.topics) }
        case 8: try question { _ = try $0.manager.ask(.why, name) }
        default: try http(["/api/v1/workers", "/api/v1/status", "/metrics"])
        }
    }

    private mutating func victim() throws -> String {
        guard let name = site.victims.randomElement(using: &random) else { throw BenchError("there is nobody to kill") }
        return name
    }

    private mutating func command(_ type: MessageType, _ name: String) throws {
        log.commands += 1
        try attempt { try $0.manager.ask(type, name) }
    }

    private mutating func question(_ ask: (SoakSite) throws -> Void) throws {
        log.questions += 1
        try attempt(ask)
    }

    private mutating func http(_ paths: [String]) throws {
        guard let http = site.http else { return }
        for path in paths {
            log.questions += 1
            if try http.get(path) != 200 { log.badAnswers += 1 }
        }
    }

    /// What is refused came at a bad moment; anything else ends the soak.
    private mutating func attempt(_ work: (SoakSite) throws -> Void) throws {
        do {
            try work(site)
        } catch let error as BenchError where error.isRefusal {
            log.refusals += 1
        }
    }

    // MARK: At the end

    /// Brings back whoever was stopped, and counts.
    private mutating func end() throws {
        for name in site.victims {
            if try state(name) == "stopped" { try command(.restart, name) }
        }
        log.expected = site.workers.count
        // Who is being started comes; who is in `error` does not.
        try? waitUntil("all workers run") { try running() == log.expected }
        log.running = try running()
        let topics = try site.manager.ask(.topics)
        log.published = topics["published"]?.doubleValue ?? 0
        log.unrecorded = topics["unrecorded"]?.doubleValue ?? 0
    }

    private func state(_ name: String) throws -> String? {
        try site.manager.ask(.status, name)["worker"]?["state"]?.stringValue
    }

    private func running() throws -> Int {
        let workers = try site.manager.ask(.list)["workers"]?.arrayValue ?? []
        return workers.count { $0["state"]?.stringValue == "running" }
    }
}

/// Numbers that are the same for the same seed: SplitMix64.
struct SoakRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
