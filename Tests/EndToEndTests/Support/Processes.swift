import CLinux
import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// Processes that are not the test's own children: workers, seen from outside.
enum Processes {
    /// Waits for the end of a process, which may have ended already. It is not to be collected by anybody before.
    static func end(of pid: Int32, _ what: String) throws {
        let descriptor = qc_pidfd_open(pid)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard Deadline().wait(for: descriptor) else { throw Waited("process \(pid), \(what), did not end") }
    }

    /// Whether there is such a process that is no zombie.
    static func isAlive(_ pid: Int32) -> Bool {
        guard let state = status(pid)["State"] else { return false }
        return !state.hasPrefix("Z") && !state.hasPrefix("X")
    }

    /// The fields of `/proc/PID/status`; none where there is no such process.
    static func status(_ pid: Int32) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text(pid, "status").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        return fields
    }

    /// One of the texts in a process's folder.
    static func text(_ pid: Int32, _ file: String) -> String {
        FileManager.default.contents(atPath: "/proc/\(pid)/\(file)").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// What the environment of a process says of a variable.
    static func variable(_ name: String, of pid: Int32) throws -> String {
        let entries = text(pid, "environ").split(separator: "\0")
        let entry = try #require(entries.first { $0.hasPrefix("\(name)=") }, "process \(pid) has no \(name)")
        return String(entry.dropFirst(name.utf8.count + 1))
    }

    /// How nice a process is; proc(5) has it seventeen fields behind the name.
    static func niceness(of pid: Int32) throws -> Int {
        let fields = text(pid, "stat").split(separator: ")").last?.split(separator: " ") ?? []
        return try #require(fields.count > 16 ? Int(fields[16]) : nil, "no process \(pid)")
    }

    /// How many descriptors a process has open.
    static func descriptors(of pid: Int32) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
    }

    /// The children of a process that have ended and that it has not collected.
    static func zombies(of parent: Int32) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { pid in
            let fields = status(pid)
            return fields["PPid"] == "\(parent)" && fields["State"]?.hasPrefix("Z") == true
        }
    }
}

extension JSONValue {
    /// The process of a worker's status.
    var pid: Int32 {
        get throws { try Int32(#require(self["pid"]?.integerValue, "no process: \(text)")) }
    }
}

extension TestManager {
    /// The file of ``supervisedStrategy``, which is written when it is first asked for.
    var supervised: String {
        get throws {
            let path = "\(folder)/supervised.swift"
            if access(path, F_OK) != 0 {
                try supervisedStrategy.write(toFile: path, atomically: false, encoding: .utf8)
            }
            return path
        }
    }

    /// Kills the manager alone, as the kernel would.
    ///
    /// - Returns: Its spares, which end as soon as a new manager tells them that they are nobody's.
    @discardableResult
    func crash() throws -> [Int32] {
        let workers = try ask(.list)["workers"]?.arrayValue?.compactMap { $0["pid"]?.integerValue } ?? []
        try process.send(.kill)
        #expect(try ended() == .signaled(.kill, coreDumped: false))
        return Leftovers.hosts(with: folder).filter { !workers.contains(Int64($0)) }
    }

    /// Waits until a worker has handled a topic up to a sequence: has it save its state, again and again, until the state is of there.
    func until(_ worker: String, hasHandled topic: String, upTo sequence: Int) throws {
        try until(worker, isIn: "running")
        try asking("\(worker) has handled \(topic) up to \(sequence)") {
            do {
                let saved = try ask(.checkpoint, worker, ["op": "save"])["checkpoint"]
                return saved?["positions"]?[topic]?.integerValue == Int64(sequence)
            } catch let refused as Refused where refused.code == "CONFLICT" {
                return false
            }
        }
    }

    /// Waits until a worker is known and in a state; for a manager that has just been started.
    @discardableResult
    func until(_ worker: String, isIn state: String) throws -> JSONValue {
        try until("\(worker) is \(state)") { () -> JSONValue? in
            do {
                let found = try status(worker)
                return found["state"]?.stringValue == state ? found : JSONValue?.none
            } catch let refused as Refused where refused.code == "WORKER_NOT_FOUND" {
                return JSONValue?.none
            }
        }
    }

    /// Waits until so many workers listen to a topic: one that has just been left by its manager first has to come back.
    func untilSubscribed(_ count: Int64, to topic: String = "market.X.kline") throws {
        try asking("\(count) subscribers of \(topic)") {
            let topics = try ask(.topics)["topics"]?.arrayValue ?? []
            return topics.first { $0["topic"]?.stringValue == topic }?["subscribers"]?.integerValue == count
        }
    }

    /// The changes of state of a worker, in order.
    func transitions(of worker: String) throws -> [JSONValue] {
        try entries(of: worker, kind: "transition")
    }

    /// Kills what a worker's process is now.
    func killProcess(of worker: String) throws {
        kill(try status(worker).pid, SIGKILL)
    }

    /// Waits until a worker runs in a generation.
    @discardableResult
    func until(_ worker: String, runsAs generation: Int64) throws -> JSONValue {
        try until(worker, "runs as generation \(generation)") {
            $0["state"] == "running" && $0["generation"]?.integerValue == generation
        }
    }
}
