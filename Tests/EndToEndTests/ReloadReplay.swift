import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// A strategy in two versions that emit the same signals. Other kits have their own.
struct ReloadedStrategy: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes the files of both versions in a folder.
    let versions: @Sendable (_ folder: String) async throws -> [String]

    static let python = ReloadedStrategy(testDescription: "Python") { folder in
        let source = try Data(contentsOf: URL(fileURLWithPath: Build.pythonStrategy("sma_cross")))
        return try ["a", "b"].map { name in
            let path = "\(folder)/sma_\(name).py"
            try source.write(to: URL(fileURLWithPath: path))
            return path
        }
    }

    /// `sma_cross`, compiled: what is tried is the exchange, not the compiler.
    static let swift = ReloadedStrategy(testDescription: "Swift") { folder in
        let library = try await CompiledCross.library()
        return try ["a", "b"].map { name in
            let path = "\(folder)/sma_\(name).so"
            try library.write(to: URL(fileURLWithPath: path))
            return path
        }
    }
}

/// The real bars, replayed as fast as they go to a strategy whose code is exchanged meanwhile, at random moments: the same ones for the same
/// seed, but for what the machine adds.
final class ReloadReplay {
    /// What is to die while code is exchanged.
    enum Victim: CaseIterable {
        case worker, other, manager
    }

    /// What there was at the end.
    struct Ending {
        /// How many exchanges came to their end.
        let reloads: Int
        /// How many processes have emitted signals.
        let generations: Int
    }

    private static let config = """
        pool: {min_size: 3, python_min_size: 3, max_size: 6}
        supervisor:
          restart_policy: {max_restarts: 1000, restart_window: 1s, backoff_base: 1ms, backoff_max: 5ms, jitter: 0}
          health: {heartbeat_interval: 50ms}
          checkpoint: {messages: 700, interval: 100ms}
          reload: {trial_messages: 300, trial_time: 300ms}
          orphan_lease: 10s
          storm: {spawn_rate: 1000, spawn_burst: 500, failures: 1000}
        """
    private static let worker = "sma"
    private static let topic = "market.\(RealBars.symbol).kline"

    private let folder: TestFolder
    private let manager: TestManager
    private let versions: [String]
    private var random: SplitMix64
    /// What happened, for whoever has to find out why a run failed.
    private(set) var history: [String] = []

    init(_ folder: TestFolder, versions: [String], seed: UInt64) throws {
        self.folder = folder
        self.versions = versions
        random = SplitMix64(seed: seed)
        manager = try TestManager(Self.config, in: folder)
        try manager.start(
            versions[0],
            name: Self.worker,
            symbols: [.string(RealBars.symbol)],
            params: ["fast": 5, "slow": 20]
        )
    }

    /// Replays all bars in as many parts as there are exchanges, and exchanges the code in the middle of each: what follows the first part
    /// goes to new code, however fast the machine publishes.
    ///
    /// - Parameter kills: Whether somebody dies during each exchange.
    func run(reloads: Int, kills: Bool = false) throws -> Ending {
        var done = 0
        let share = RealBars.count / reloads
        for number in 1...reloads {
            let rows = (number - 1) * share..<(number == reloads ? RealBars.count : number * share)
            let replay = try manager.program(
                Build.program("quantcell"),
                ["replay", try part(rows), "--symbol", RealBars.symbol, "--speed", "max", "--json"]
            )
            let moment = UInt64(rows.lowerBound + Int.random(in: 1000..<share / 2, using: &random))
            try manager.asking("bar \(moment) is published") { try published() >= moment }
            let path = versions[number % versions.count]
            let reload = try manager.program(
                Build.program("quantcell"),
                ["reload", Self.worker, path, "--timeout", "30s"]
            )
            let place = try published()
            if kills { try die(during: reload) }
            try hold(replay, at: UInt64(rows.lowerBound + share * 3 / 4), until: reload)
            let ended = try reload.finish()
            history.append(
                "\(number) at \(place) of \(RealBars.count): \(ended.code ?? -1) \(ended.output)\(ended.errors)"
            )
            if kills {
                try manager.until(Self.worker, isIn: "running")
            } else {
                #expect(ended.code == 0, "\(ended.errors)")
            }
            if ended.code == 0 {
                done += 1
                #expect(try manager.status(Self.worker)["strategy_path"] == .string(path))
            }
            let summary = try replay.finish()
            #expect(summary.code == 0, "\(summary.errors)")
        }
        return Ending(reloads: done, generations: try check())
    }

    /// A file of its own with some of the bars.
    private func part(_ rows: Range<Int>) throws -> String {
        let lines = try String(contentsOfFile: RealBars.path, encoding: .utf8).split(separator: "\n")
        let path = "\(folder.path)/work/bars-\(rows.lowerBound).csv"
        let text =
            ([lines[0]] + lines[1...][(rows.lowerBound + 1)..<(rows.upperBound + 1)]).joined(separator: "\n") + "\n"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    /// Lets the publisher wait where it is about to end before the exchange does: most exchanges come while there are bars.
    private func hold(_ replay: Program, at sequence: UInt64, until reload: Program) throws {
        var isHeld = false
        while !Deadline(within: .milliseconds(2)).wait(for: reload.pidFileDescriptor) {
            guard !isHeld, try published() >= sequence else { continue }
            try replay.send(.stop)
            isHeld = true
        }
        if isHeld { try replay.send(.cont) }
    }

    private func published() throws -> UInt64 {
        let topics = try manager.ask(.topics)["topics"]?.arrayValue ?? []
        let topic = topics.first { $0["topic"]?.stringValue == Self.topic }
        return topic?["sequence"]?.integerValue.flatMap { UInt64(exactly: $0) } ?? 0
    }

    private func die(during reload: Program) throws {
        // A moment of the exchange: it takes 300 ms and a little more where nobody disturbs it.
        let pause = Duration.milliseconds(Int.random(in: 0...450, using: &random))
        _ = Deadline(within: pause).wait(for: manager.process.pidFileDescriptor)
        let victim = try #require(Victim.allCases.randomElement(using: &random))
        history.append("\(victim) dies after \(pause)")
        let pid = try manager.status(Self.worker)["pid"]?.integerValue.map { Int32($0) }
        switch victim {
        case .worker:
            if let pid { kill(pid, SIGKILL) }
        case .other:
            // A spare, the one on trial, or the one that is to take over.
            let others = Leftovers.hosts(with: folder.path).filter { $0 != pid }
            if let other = others.randomElement(using: &random) { kill(other, SIGKILL) }
        case .manager:
            try manager.crash()
            try manager.startAgain(folder)
        }
    }

    // MARK: What must hold at the end

    /// - Returns: How many processes have emitted signals.
    private func check() throws -> Int {
        try manager.until(Self.worker, hasHandled: Self.topic, upTo: RealBars.count)
        try manager.ask(.stop, Self.worker)
        let checkpoint = try #require(try manager.ask(.checkpoint, Self.worker)["checkpoint"])
        #expect(checkpoint["positions"] == [Self.topic: .integer(Int64(RealBars.count))])
        let closes = try RealBars.closes()
        #expect(
            checkpoint["state"]?["markets"]?[RealBars.symbol]?["closes"]
                == .array(closes.suffix(20).map(JSONValue.number))
        )
        #expect(try manager.status(Self.worker)["metadata"]?["gaps"] == 0)
        let signals = try manager.signals(of: Self.worker)
        let crossings = try signals.map { signal in
            Crossing(
                sequence: Int(try #require(signal["sequence"]?.integerValue)),
                side: try #require(signal["side"]?.stringValue),
                price: try #require(signal["price"]?.doubleValue),
                fast: try #require(signal["data"]?["fast"]?.doubleValue),
                slow: try #require(signal["data"]?["slow"]?.doubleValue)
            )
        }
        #expect(crossings == Crossing.all(of: closes, fast: 5, slow: 20))
        #expect(try manager.stop() == .exited(code: 0))
        for process in Leftovers.processes(with: folder.path) { try Processes.end(of: process.pid, process.command) }
        return Set(signals.compactMap { $0["generation"]?.integerValue }).count
    }
}
