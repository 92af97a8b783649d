import BroadcastRing
import Foundation
import Testing
import WireProtocol

// From hello to running, and what the worker writes meanwhile.
extension ManagerEnd {
    func welcome(heartbeatInterval: Double = 0.05, orphanLease: Double = 60) throws -> Message {
        let hello = try nextOnControl()
        try welcome(hello, heartbeatInterval: heartbeatInterval, orphanLease: orphanLease)
        return hello
    }

    func welcome(_ message: Message, heartbeatInterval: Double = 0.05, orphanLease: Double = 60) throws {
        try send(
            Message(
                .welcome,
                payload: [
                    "heartbeat_interval": .number(heartbeatInterval), "orphan_lease": .number(orphanLease),
                    "protocol": 1, "manager": .string(managerID), "ring": ringOffer,
                ],
                replyTo: message.messageID
            )
        )
    }

    /// Sends `start` and returns its id.
    func start(
        _ strategy: String,
        params: JSONValue = .object([:]),
        dataTypes: JSONValue = ["kline"],
        more: [String: JSONValue] = [:]
    ) throws -> String {
        let payload: [String: JSONValue] = [
            "strategy_path": .string(strategy), "params": params, "symbols": ["BTC"], "data_types": dataTypes,
            "error_budget": ["errors": 2, "window": 3600.0], "log_path": .string(logPath),
        ]
        let start = Message(.start, workerID: "w", payload: .object(payload.merging(more) { $1 }), generation: 3)
        try send(start)
        return start.messageID
    }

    var logPath: String { folder.appending(path: "w.log").path }

    /// What has been logged so far.
    var logText: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// Waits until the worker has logged `text`, `count` times.
    func awaitLogLine(_ text: String, count: Int = 1) throws {
        try awaitLine(text, count: count, in: logPath)
    }

    func awaitLine(_ text: String, count: Int = 1, in path: String) throws {
        try wait("\(path) never said: \(text)") {
            try String(contentsOfFile: path, encoding: .utf8).ranges(of: text).count >= count
        }
    }

    /// Waits until there is a log.
    func awaitLog() throws {
        try wait("no log at \(logPath)") { FileManager.default.fileExists(atPath: logPath) }
    }

    private func wait(_ failure: Comment, until condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !(try condition()) {
            try #require(ContinuousClock.now < deadline, failure)
            sched_yield()
        }
    }

    /// Answers the request for the marker: every topic stands at `sequence`.
    ///
    /// - Parameter meanwhile: what is done between the request and the marker.
    func sendMarker(at sequence: UInt64 = 0, after meanwhile: () throws -> Void = {}) throws -> [String] {
        let request = try nextOnControl()
        #expect(request.type == .sync)
        try meanwhile()
        #expect(request.payload["ring"]?.stringValue == ring?.offer.id)
        if ring == nil { try awaitSubscription("sync.\(identity)") }
        let topics = request.payload["topics"]?.stringArrayValue ?? []
        let positions = Dictionary(topics.map { ($0, JSONValue(sequence)) }) { $1 }
        let marker = Message(.sync, payload: ["topics": .object(positions)], replyTo: request.messageID)
        try publish("sync.\(identity)", marker.bytes)
        return topics
    }

    /// Brings the worker to running.
    func run(
        _ strategy: String,
        params: JSONValue = .object([:]),
        heartbeatInterval: Double = 0.05,
        orphanLease: Double = 60,
        marker: UInt64 = 0,
        more: [String: JSONValue] = [:]
    ) throws {
        _ = try welcome(heartbeatInterval: heartbeatInterval, orphanLease: orphanLease)
        let id = try start(strategy, params: params, more: more)
        #expect(try answer(to: id)["result"] == "accepted")
        _ = try sendMarker(at: marker)
        #expect(try answer(to: id)["result"] == "done")
        #expect(try nextOnStatus { $0.type == .statusUpdate }.payload["status"] == "running")
    }

    /// What the kernel says about the worker.
    func procFile(_ name: String) throws -> String {
        try String(contentsOfFile: "/proc/\(process.processIdentifier)/\(name)", encoding: .utf8)
    }

    func exitCode() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}
