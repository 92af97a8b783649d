import Foundation
import Testing
import WireProtocol

/// What was done to whom in a chaos run, from which the journal must follow.
struct ChaosRecord {
    /// What was done to processes, by pid.
    var acts: [Int32: Set<String>] = [:]
    /// How many commands were answered with `done`.
    var done: [MessageType: Int] = [:]
    /// How many managers have been started.
    var managers = 1

    /// Acts that a process does not survive, and whose end a manager must have noted.
    private static let lethal = Set(["kill"] + ChaosOrder.allCases.filter(\.isLethal).map { "\($0)" })

    /// Acts that a process survives, unless the machine is so busy that they take longer than a callback may.
    private static let slow = Set(ChaosOrder.allCases.filter { !$0.isLethal }.map { "\($0)" })

    /// Adds what strategies have written down before they died of it.
    mutating func add(ledger path: String) {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let pid = Int32(words[0]) else { continue }
            acts[pid, default: []].insert(String(words[2]))
        }
    }

    /// Holds the whole journal against what was done.
    func check(_ entries: [JSONValue]) {
        let ends = Self.ends(in: entries)
        let ended = Set(ends.values)
        // What was done has been noted ...
        for (pid, acts) in acts where !acts.isDisjoint(with: Self.lethal) {
            let isNoted = ended.contains(pid)
            #expect(isNoted, "nothing says how process \(pid) ended: \(acts)")
        }
        // ... and nothing has failed of itself.
        for entry in entries where entry["kind"] == "transition" && entry["to_state"] == "error" {
            let pid = ends[Process(entry)]
            let acts: Set<String> = pid.flatMap { self.acts[$0] } ?? []
            let isStuck = entry["cause"]?.stringValue?.hasPrefix("stuck: ") == true
            let harmless: Set<String> = isStuck ? [] : Self.slow
            let isCaused = !acts.isSubset(of: harmless)
            #expect(isCaused, "nobody did anything to process \(pid ?? 0) but \(acts): \(entry.text)")
        }
        for (type, count) in done {
            let journaled = entries.count {
                $0["kind"] == "command" && $0["cause"]?.stringValue == type.rawValue
                    && $0["detail"]?["result"] == "done"
            }
            #expect(journaled == count, "\(type.rawValue)")
        }
        #expect(entries.count { $0["kind"] == "manager" && $0["cause"] == "manager started" } == managers)
        #expect(entries.count { $0["kind"] == "journal" } == 0, "the journal has lost or dropped entries")
    }

    /// A worker's incarnation.
    private struct Process: Hashable {
        let worker: String
        let generation: Int64

        init(_ entry: JSONValue) {
            worker = entry["worker_id"]?.stringValue ?? ""
            generation = entry["generation"]?.integerValue ?? 0
        }
    }

    /// The pids of those whose end the journal has.
    private static func ends(in entries: [JSONValue]) -> [Process: Int32] {
        var ends: [Process: Int32] = [:]
        for entry in entries where entry["kind"] == "worker" {
            let words = (entry["cause"]?.stringValue ?? "").split(separator: " ", maxSplits: 3)
            // "process 7 ended: ...", "process 7 of an earlier manager is not taken over: ..."
            guard words.count > 3, words[0] == "process", let pid = Int32(words[1]) else { continue }
            guard words[2] == "ended:" || words[3].hasPrefix("an earlier manager is not taken over") else { continue }
            ends[Process(entry)] = pid
        }
        return ends
    }
}
