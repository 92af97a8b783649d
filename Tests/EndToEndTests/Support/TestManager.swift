import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol
import ZeroMQ

/// The real manager, in folders of its own, with everything a test needs to talk to it.
final class TestManager {
    /// Short, since the path of an ipc socket has about a hundred bytes.
    let folder: String
    let environment: [String: String]

    private(set) var process: ChildProcess
    private var admin: AdminClient
    private var events: EventStream
    private var isRunning = true

    var runtime: String { "\(folder)/run" }
    /// The file of ``actorStrategy``.
    var actor: String { "\(folder)/actor.swift" }
    var data: String { "\(folder)/data" }
    var journal: String { "\(data)/journal.db" }
    var log: String { (try? String(contentsOfFile: "\(folder)/manager.log", encoding: .utf8)) ?? "" }

    /// - Parameter arguments: What follows `run` and the configuration.
    init(_ config: String, in folder: TestFolder, _ arguments: [String] = []) throws {
        self.folder = folder.path
        environment = folder.environment
        try config.write(toFile: "\(folder.path)/config.yaml", atomically: false, encoding: .utf8)
        process = try Self.spawn(folder, arguments)
        do {
            (admin, events) = try Self.connect(folder, process)
        } catch {
            try? process.signalGroup(.kill)
            _ = try? process.end("the manager, killed,")
            throw error
        }
    }

    deinit {
        guard isRunning else { return }
        try? process.signalGroup(.kill)
        _ = try? process.end("the manager, killed,")
    }

    private static func spawn(_ folder: TestFolder, _ arguments: [String]) throws -> ChildProcess {
        try ChildProcess.spawn(
            SpawnRequest(
                executable: Build.program("quantcell-manager"),
                arguments: ["run", "--config", "\(folder.path)/config.yaml"] + arguments,
                environment: folder.managerEnvironment,
                workingDirectory: folder.path,
                output: .append(path: "\(folder.path)/manager.log")
            )
        )
    }

    /// Returns when the manager answers and its events arrive.
    private static func connect(_ folder: TestFolder, _ process: ChildProcess) throws -> (AdminClient, EventStream) {
        let admin = try AdminClient("ipc://\(folder.path)/run/admin.sock", manager: process)
        _ = try admin.ask(.ping)
        let events = try EventStream("ipc://\(folder.path)/run/events.sock", manager: process) {
            // A command that is refused is an event too.
            _ = try? admin.ask(.pause, "nobody")
        }
        return (admin, events)
    }

    // MARK: Its life

    /// Stops it as a service manager does, and waits for its end.
    @discardableResult
    func stop(_ signal: ProcessControl.Signal = .term) throws -> ProcessEnd {
        try process.send(signal)
        return try ended()
    }

    /// Waits for its end.
    @discardableResult
    func ended() throws -> ProcessEnd {
        isRunning = false
        return try process.end("the manager")
    }

    /// Starts another one on the same folders; the first one must have ended.
    func startAgain(_ folder: TestFolder, _ arguments: [String] = []) throws {
        process = try Self.spawn(folder, arguments)
        isRunning = true
        (admin, events) = try Self.connect(folder, process)
    }

    // MARK: Talking to it

    @discardableResult
    func ask(_ type: MessageType, _ worker: String? = nil, _ payload: JSONValue = [:]) throws -> JSONValue {
        try admin.ask(type, worker, payload)
    }

    /// Starts a strategy and waits until it runs.
    @discardableResult
    func start(_ path: String, name: String, symbols: JSONValue = ["X"], params: JSONValue = [:]) throws -> JSONValue {
        try ask(.start, nil, ["path": .string(path), "name": .string(name), "symbols": symbols, "params": params])
    }

    func status(_ worker: String) throws -> JSONValue {
        try #require(try ask(.status, worker)["worker"])
    }

    /// All signals of a worker, or of all.
    func signals(of worker: String? = nil) throws -> [JSONValue] {
        try pages(.signals, "signals", worker, after: "after_rowid", last: "last_rowid")
    }

    /// The whole journal, or what it says of one worker.
    func entries(of worker: String? = nil, kind: String? = nil) throws -> [JSONValue] {
        try pages(.journal, "entries", worker, after: "after_seq", last: "last_seq").filter {
            kind == nil || $0["kind"]?.stringValue == kind
        }
    }

    private func pages(_ type: MessageType, _ key: String, _ worker: String?, after: String, last: String) throws
        -> [JSONValue]
    {
        var all: [JSONValue] = []
        var place: JSONValue = 0
        while true {
            let answer = try ask(type, worker, [after: place, "limit": 1000])
            let page = try #require(answer[key]?.arrayValue)
            if page.isEmpty { return all }
            all += page
            place = try #require(answer[last])
        }
    }

    /// Publishes bars with these closes, one after the other, as a feed handler does.
    func publish(_ closes: [Double], symbol: String = "X") throws {
        let lines = closes.map { #"{"open":\#($0),"high":\#($0),"low":\#($0),"close":\#($0),"volume":1}"# }
        let done = try cli("publish", symbol, "kline", input: lines.joined(separator: "\n"))
        try #require(done.code == 0, "\(done.errors)")
    }

    // MARK: Waiting

    /// Waits until `find` finds something; looks again after each event.
    func until<Value>(_ what: String, _ find: () throws -> Value?) throws -> Value {
        let deadline = Deadline()
        while true {
            if let found = try find() { return found }
            try events.wait(deadline, for: what)
        }
    }

    /// Waits until the worker's status is as `condition` wants it.
    @discardableResult
    func until(_ worker: String, _ what: String, _ condition: (JSONValue) -> Bool) throws -> JSONValue {
        try until("\(worker) \(what)") { () -> JSONValue? in
            let status = try status(worker)
            // A bare `nil` would be the JSON one.
            return condition(status) ? status : JSONValue?.none
        }
    }

    /// Waits for an event, also one that has come already.
    func untilEvent(_ topic: String, _ what: String, _ condition: (JSONValue) -> Bool) throws -> JSONValue {
        try until("\(what) on \(topic)") { events.seen.first { $0.topic == topic && condition($0.payload) }?.payload }
    }

    /// Waits for what is no event, such as what heartbeats bring: asks again until the answer is as it should be.
    func asking(_ what: String, _ condition: () throws -> Bool) throws {
        let deadline = Deadline()
        while !(try condition()) {
            if deadline.hasPassed { throw Waited("\(what) did not happen") }
        }
    }

    /// Waits until the worker's status is as `condition` wants it, heartbeat by heartbeat.
    @discardableResult
    func asking(_ worker: String, until what: String, _ condition: (JSONValue) -> Bool) throws -> JSONValue {
        var status = JSONValue.null
        try asking("\(worker) \(what)") {
            status = try self.status(worker)
            return condition(status)
        }
        return status
    }

    /// Waits until a worker has emitted `count` signals, and returns all that it has.
    func untilSignals(of worker: String, _ count: Int) throws -> [JSONValue] {
        try until("\(count) signals of \(worker)") { () -> [JSONValue]? in
            let signals = try signals(of: worker)
            return signals.count >= count ? signals : nil
        }
    }

    // MARK: Programs

    /// Runs the command line to its end.
    func cli(_ arguments: String..., input: String? = nil) throws -> Finished {
        try program(Build.program("quantcell"), arguments, input: input).finish()
    }

    /// Starts a program with the manager's folders in its environment.
    func program(_ path: String, _ arguments: [String], input: String? = nil) throws -> Program {
        try Program(path, arguments, environment: environment, folder: "\(folder)/work", input: input)
    }
}
