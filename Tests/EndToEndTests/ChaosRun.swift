import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// A manager and its strategies, to which things happen at random; the same for the same seed, but for what the machine adds.
///
/// It keeps a model: what each strategy was last told to be. Whatever happens, each must come to that again.
final class ChaosRun {
    /// What a strategy was told to be last.
    private enum Wanted: String {
        case running, paused, stopped
    }

    /// What can happen in one step.
    private enum Step: CaseIterable {
        case killWorker, killSpare, killManager, freezeWorker, thawWorker, freezeManager
        case publish, pause, resume, restart, stop, start
    }

    private static let config = """
        manager: {max_workers: 20, stop_grace: 1s, terminate_grace: 500ms}
        pool: {min_size: 2, max_size: 2}
        supervisor:
          restart_policy: {max_restarts: 1000, restart_window: 1s, backoff_base: 5ms, backoff_max: 50ms}
          health: {heartbeat_interval: 100ms, heartbeat_timeout: 2s}
          storm: {spawn_rate: 100, spawn_burst: 50, window: 1s, pause: 200ms}
        """
    private static let names = (0..<6).map { "w\($0)" }

    private let folder: TestFolder
    private let manager: TestManager
    private var random: SplitMix64
    private var wanted: [String: Wanted] = [:]
    private var published = 0.0
    /// What happened, for whoever has to find out why a run failed.
    private(set) var history: [String] = []

    init(_ folder: TestFolder, seed: UInt64) throws {
        self.folder = folder
        random = SplitMix64(seed: seed)
        manager = try TestManager(Self.config, in: folder)
        for name in Self.names { try start(name) }
    }

    // MARK: Steps

    /// Lets `count` things happen.
    func run(_ count: Int, killingManager: Bool) throws {
        let steps = Step.allCases.filter { killingManager || $0 != .killManager }
        for number in 0..<count {
            let step = steps.randomElement(using: &random) ?? .publish
            let name = Self.names.randomElement(using: &random) ?? ""
            history.append("\(number): \(step) \(name)")
            try carryOut(step, name)
        }
    }

    private func carryOut(_ step: Step, _ name: String) throws {
        switch step {
        case .killWorker: try signal(name, SIGKILL)
        case .freezeWorker: try signal(name, SIGSTOP)
        case .thawWorker: try signal(name, SIGCONT)
        case .killSpare: if let spare = try spares().first { kill(spare, SIGKILL) }
        case .killManager:
            try manager.crash()
            try manager.startAgain(folder)
        case .freezeManager:
            try manager.process.send(.stop)
            // Shorter and longer than the time after which workers are suspected.
            let pause = Duration.milliseconds(Int.random(in: 10...2500, using: &random))
            #expect(!Deadline(within: pause).wait(for: manager.process.pidFileDescriptor))
            try manager.process.send(.cont)
        case .publish: try publish()
        case .pause where wanted[name] == .running: try command(.pause, name, .paused)
        case .resume where wanted[name] == .paused: try command(.resume, name, .running)
        case .restart where wanted[name] != .stopped: try command(.restart, name, wanted[name] ?? .running)
        case .stop where wanted[name] != .stopped: try command(.stop, name, .stopped)
        case .start where wanted[name] == .stopped: try start(name)
        case .pause, .resume, .restart, .stop, .start: break
        }
    }

    private func publish() throws {
        published += 1
        try manager.publish([published])
    }

    /// Sends a signal to what is a worker's process at this moment, if it has one.
    private func signal(_ name: String, _ number: Int32) throws {
        if let pid = try status(name)?["pid"]?.integerValue { kill(Int32(pid), number) }
    }

    private func start(_ name: String) throws {
        // Some of them leave processes about, which have left their session.
        let mode: JSONValue = name < "w2" ? "daemon" : ""
        try manager.start(manager.supervised, name: name, params: ["mode": mode])
        wanted[name] = .running
    }

    /// Gives a command to a worker that can hear it; again, where something came between.
    private func command(_ type: MessageType, _ name: String, _ next: Wanted) throws {
        try manager.asking("\(type.rawValue) of \(name)") {
            try signal(name, SIGCONT)
            try settle(name)
            do {
                try manager.ask(type, name)
                return true
            } catch let refused as Refused where refused.code == "CONFLICT" {
                // What was asked for counts, also where the worker died before it could confirm.
                return try status(name)?["state"]?.stringValue == next.rawValue
            }
        }
        wanted[name] = next
    }

    // MARK: Coming to rest

    /// A worker's status; `nil` where there is none of that name.
    private func status(_ name: String) throws -> JSONValue? {
        do {
            return try manager.status(name)
        } catch let refused as Refused where refused.code == "WORKER_NOT_FOUND" {
            return nil
        }
    }

    /// Waits until a worker is what it was told to be.
    private func settle(_ name: String) throws {
        let wanted = wanted[name] ?? .running
        try manager.asking("\(name) is \(wanted)") {
            // A manager that was started after a stop knows nothing of the worker.
            guard let state = try status(name)?["state"]?.stringValue else { return wanted == .stopped }
            return state == wanted.rawValue
        }
    }

    private func workerPIDs() throws -> [Int32] {
        try manager.ask(.list)["workers"]?.arrayValue?.compactMap {
            $0["pid"]?.integerValue.flatMap(Int32.init(exactly:))
        }
            ?? []
    }

    private func spares() throws -> [Int32] {
        let workers = Set(try workerPIDs())
        return Leftovers.processes(with: folder.path).filter {
            $0.command.contains("quantcell-worker") && !workers.contains($0.pid)
        }
        .map(\.pid)
    }

    /// Brings all workers to run, and checks that they do: each receives data, and nothing else is there.
    func settleAll() throws {
        for name in Self.names {
            try signal(name, SIGCONT)
            try settle(name)
            switch wanted[name] {
            case .stopped: try start(name)
            case .paused: try command(.resume, name, .running)
            default: break
            }
        }
        for name in Self.names { try settle(name) }
        try manager.untilSubscribed(Int64(Self.names.count))
        try publish()
        _ = try manager.until("bar \(published) reached everybody") {
            let heard = try manager.signals().filter { $0["data"]?["close"]?.doubleValue == published }
            return Set(heard.compactMap { $0["worker_id"]?.stringValue }).count == Self.names.count ? true : nil
        }
        // The manager, the workers, two spares, and of two workers a daemon with its child.
        let expected = 1 + Self.names.count + 2 + 4
        try manager.asking("no process but those that belong there") {
            Leftovers.processes(with: folder.path).count == expected
        }
        try manager.asking("every end collected") { try Processes.zombies(of: manager.process.pid).isEmpty }
    }

    // MARK: What must hold

    /// How many descriptors the manager has.
    func descriptors() throws -> Int { try Processes.descriptors(of: manager.process.pid) }

    /// Waits until the manager has no more descriptors than it had.
    func waitForDescriptors(atMost count: Int) throws {
        try manager.asking("the manager's descriptors, \(try descriptors()), are \(count) again") {
            try descriptors() <= count
        }
    }

    /// The memory that is the manager's alone, in bytes.
    func memory() throws -> Int {
        let field = try #require(Processes.status(manager.process.pid)["RssAnon"])
        return try #require(Int(field.split(separator: " ")[0])) * 1024
    }

    /// Follows each worker through the journal: no step that the table forbids, none missing, no generation after a later one.
    func checkJournal() throws {
        for name in Self.names {
            var last: (state: String, generation: Int64)?
            for entry in try manager.transitions(of: name) {
                let to = try #require(entry["to_state"]?.stringValue)
                let generation = try #require(entry["generation"]?.integerValue)
                if let from = entry["from_state"]?.stringValue {
                    #expect(from == last?.state, "\(entry.text)")
                    let states = try (#require(WorkerState(rawValue: from)), #require(WorkerState(rawValue: to)))
                    #expect(states.0.mayBecome(states.1), "\(entry.text)")
                } else {
                    // A life that begins, or one that a new manager has found.
                    #expect(["initializing", "running", "paused"].contains(to), "\(entry.text)")
                }
                #expect(generation >= last?.generation ?? 1, "\(entry.text)")
                last = (to, generation)
            }
            #expect(last?.state == "running")
            #expect(try manager.status(name)["generation"]?.integerValue == last?.generation)
        }
    }

    /// Stops the manager; nothing is left.
    func stop() throws {
        #expect(try manager.stop() == .exited(code: 0))
        #expect(Leftovers.processes(with: folder.path).isEmpty)
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
