import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// A manager and its strategies, to which things happen at random; the same for the same seed, but for what the machine adds.
///
/// It keeps a model: what each strategy was last told to be, and what was done to whom. Whatever happens, each must come to what it was
/// told, and the journal must say what was done, and nothing else.
final class ChaosRun {
    /// What a strategy was told to be last.
    enum Wanted: String {
        case running, paused, stopped
    }

    /// What can happen in one step.
    private enum Step: CaseIterable {
        case killWorker, killSpare, killManager, freezeWorker, thawWorker, freezeSpare, freezeManager
        case publish, order, shutGate, stepClock
        case pause, resume, restart, stop, start
    }

    /// What the strategies are written in.
    enum Language {
        case swift, python

        /// Those of the process that is there for its heartbeats, too.
        var processesPerWorker: Int { self == .swift ? 1 : 2 }

        var source: String { self == .swift ? chaosStrategy : pythonChaosStrategy }

        /// An interpreter takes longer to come up, and all the longer where all of them do at once.
        fileprivate var config: String {
            self == .swift
                ? "start_timeout: 3s}\npool: {min_size: 2, max_size: 2}"
                : "start_timeout: 15s}\npool: {min_size: 0, python_min_size: 2, max_size: 2}"
        }
    }

    private static func config(_ language: Language) -> String {
        """
        manager: {max_workers: 20, stop_grace: 1s, terminate_grace: 500ms, \(language.config)
        supervisor:
          restart_policy: {max_restarts: 1000, restart_window: 1s, backoff_base: 5ms, backoff_max: 50ms}
          health: {heartbeat_interval: 100ms, heartbeat_timeout: 3s, stuck_timeout: 2s}
          storm: {spawn_rate: 100, spawn_burst: 50, window: 1s, pause: 200ms}
        logs: {max_bytes: 64KiB, keep: 2}
        """
    }
    static let names = (0..<6).map { "w\($0)" }

    let language: Language
    let folder: TestFolder
    let manager: TestManager
    private let clock: SteppedClock
    private let strategy: String
    private var random: SplitMix64
    private(set) var wanted: [String: Wanted] = [:]
    private(set) var record = ChaosRecord()
    private var published = 0.0
    /// What happened, for whoever has to find out why a run failed.
    private(set) var history: [String] = []

    init(_ folder: TestFolder, _ language: Language, seed: UInt64) throws {
        self.language = language
        var folder = folder
        clock = try SteppedClock(folder)
        folder.environment.merge(clock.environment) { $1 }
        self.folder = folder
        random = SplitMix64(seed: seed)
        strategy = "\(folder.path)/chaotic.\(language == .swift ? "swift" : "py")"
        try language.source.write(toFile: strategy, atomically: false, encoding: .utf8)
        manager = try TestManager(Self.config(language), in: folder)
        for name in Self.names { try start(name) }
    }

    // MARK: Steps

    /// Lets `count` things happen.
    func run(_ count: Int, killingManager: Bool) throws {
        let steps = Step.allCases.filter { killingManager || $0 != .killManager }
        for _ in 0..<count {
            let step = steps.randomElement(using: &random) ?? .publish
            let name = Self.names.randomElement(using: &random) ?? ""
            history.append("\(history.count): \(step) \(name)")
            try carryOut(step, name)
        }
    }

    private func carryOut(_ step: Step, _ name: String) throws {
        switch step {
        case .killWorker: try kill(name)
        case .freezeWorker: if let pid = try process(of: name)?.pid { send(SIGSTOP, pid, "freeze") }
        case .thawWorker: try thaw(name)
        case .killSpare: if let spare = try spares().first { send(SIGKILL, spare, "kill spare") }
        case .freezeSpare: if let spare = try spares().first { send(SIGSTOP, spare, "freeze") }
        case .killManager:
            try manager.crash()
            try manager.startAgain(folder)
            record.managers += 1
        case .freezeManager: try freezeManager()
        case .publish: try publish()
        case .order:
            try manager.publish(
                [Double(ChaosOrder.allCases.randomElement(using: &random)?.rawValue ?? 0)],
                symbol: name
            )
        case .shutGate:
            close(creat(gate(name), 0o600))
            try kill(name)
        case .stepClock: try clock.set(secondsAhead: Int.random(in: -86_400...86_400, using: &random))
        case .pause where wanted[name] == .running: try command(.pause, name, .paused)
        case .resume where wanted[name] == .paused: try command(.resume, name, .running)
        case .restart where wanted[name] != .stopped: try command(.restart, name, wanted[name] ?? .running)
        case .stop where wanted[name] != .stopped: try command(.stop, name, .stopped)
        case .start where wanted[name] == .stopped: try start(name)
        case .pause, .resume, .restart, .stop, .start: break
        }
    }

    private func freezeManager() throws {
        try manager.process.send(.stop)
        // Shorter and longer than the time after which workers are suspected.
        let pause = Duration.milliseconds(Int.random(in: 10...4000, using: &random))
        #expect(!Deadline(within: pause).wait(for: manager.process.pidFileDescriptor))
        try manager.process.send(.cont)
    }

    func publish() throws {
        published += 1
        try manager.publish([published])
    }

    /// The close of the last bar that was published to all.
    var lastClose: Double { published }

    private func kill(_ name: String) throws {
        guard let process = try process(of: name) else { return }
        // One that has not run yet is nobody's when its manager dies too, and then nobody notes its end.
        send(SIGKILL, process.pid, process.hasRun ? "kill" : "kill before it ran")
    }

    /// Sends a signal to one of the workers' processes, and notes that.
    private func send(_ signal: Int32, _ pid: Int32, _ what: String) {
        guard Processes.text(pid, "environ").contains(folder.path), Glibc.kill(pid, signal) == 0 else { return }
        record.acts[pid, default: []].insert(what)
    }

    /// What is a worker's process at this moment, if it has one.
    private func process(of name: String) throws -> (pid: Int32, hasRun: Bool)? {
        guard let status = try status(name), let pid = status["pid"]?.integerValue else { return nil }
        return (Int32(pid), ["running", "paused"].contains(status["state"]?.stringValue))
    }

    /// Opens its gate and lets it go on.
    func thaw(_ name: String) throws {
        unlink(gate(name))
        if let pid = try process(of: name)?.pid { Glibc.kill(pid, SIGCONT) }
    }

    /// A file that makes a strategy exit in `onStart`.
    private func gate(_ name: String) -> String { "\(folder.path)/gate-\(name)" }

    // MARK: Commands

    func start(_ name: String) throws {
        unlink(gate(name))
        try manager.ask(
            .start,
            nil,
            [
                "path": .string(strategy), "name": .string(name), "symbols": ["X", .string(name)],
                "params": ["name": .string(name), "folder": .string(folder.path)],
            ]
        )
        record.done[.start, default: 0] += 1
        wanted[name] = .running
    }

    /// Gives a command to a worker that can hear it; again, where something came between.
    func command(_ type: MessageType, _ name: String, _ next: Wanted) throws {
        try manager.asking("\(type.rawValue) of \(name)") {
            try settle(name)
            do {
                try manager.ask(type, name)
                record.done[type, default: 0] += 1
            } catch let refused as Refused where refused.code == "CONFLICT" {
                if type == .restart || refused.message.contains("it cannot become") { return false }
                // What was asked for counts, also where the worker died before it could confirm.
            }
            wanted[name] = next
            try settle(name)
            return true
        }
    }

    // MARK: Coming to rest

    /// A worker's status; `nil` where there is none of that name.
    func status(_ name: String) throws -> JSONValue? {
        do {
            return try manager.status(name)
        } catch let refused as Refused where refused.code == "WORKER_NOT_FOUND" {
            return nil
        }
    }

    /// Waits until a worker is what it was told to be.
    func settle(_ name: String) throws {
        let wanted = wanted[name] ?? .running
        try manager.asking("\(name) is \(wanted)") {
            try thaw(name)
            // A manager that was started after a stop knows nothing of the worker.
            guard let state = try status(name)?["state"]?.stringValue else { return wanted == .stopped }
            return state == wanted.rawValue
        }
    }

    private func workerPIDs() throws -> [Int32] {
        let workers = try manager.ask(.list)["workers"]?.arrayValue ?? []
        return workers.compactMap { $0["pid"]?.integerValue.flatMap(Int32.init(exactly:)) }
    }

    private func spares() throws -> [Int32] {
        let workers = Set(try workerPIDs())
        return Leftovers.hosts(with: folder.path).filter { !workers.contains($0) }
    }

    /// Stops the manager; nothing is left.
    func stop() throws {
        #expect(try manager.stop() == .exited(code: 0))
        #expect(Leftovers.processes(with: folder.path).map(\.command) == [])
    }
}

/// Sebastiano Vigna's generator (https://prng.di.unimi.it/splitmix64.c): the same numbers for the same seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
