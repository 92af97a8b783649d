import WireProtocol

/// The answer to `why` as a chain that a tired person can read.
enum WhyText {
    /// How many of the last changes are shown.
    private static let changes = 8

    static func lines(_ answer: JSONValue, id: String) -> [String] {
        let worker = answer["worker"] ?? .null
        var lines = ["\(text(id)) is \(word(worker, "state")) (generation \(number(worker, "generation")))"]
        lines += ["", "What happened"]
        lines += (answer["transitions"]?.arrayValue ?? []).suffix(changes).map(change)
        if let death = answer["deaths"]?.arrayValue?.first {
            lines += ["", "The last process that ended"] + self.death(death)
        }
        lines += ["", "What comes next", "  \(word(answer, "next"))"]
        let advice = answer["advice"]?.stringArrayValue ?? []
        if !advice.isEmpty { lines += ["", "What you can do"] + advice.map { "  \(text($0))" } }
        return lines
    }

    private static func change(_ entry: JSONValue) -> String {
        let from = entry["from_state"]?.stringValue.map { "\(text($0)) → " } ?? ""
        return
            "  \(time(entry["time"]))  \(from)\(word(entry, "to_state")): \(word(entry, "cause")) (\(word(entry, "actor")))"
    }

    private static func death(_ death: JSONValue) -> [String] {
        var facts = [
            "  \(time(death["time"]))  generation \(number(death, "generation")): \(word(death, "exit")), cause \(word(death, "cause"))"
        ]
        if death["out_of_memory"]?.boolValue == true {
            facts.append("  the kernel killed for want of memory at this time")
        }
        if let callback = death["callback"]?.stringValue {
            facts.append("  in \(text(callback)) for \(number(death, "callback_seconds")) s")
        }
        if let topic = death["last_topic"]?.stringValue {
            facts.append("  last handled: \(text(topic)) sequence \(number(death, "last_sequence"))")
        }
        facts.append("  last heartbeat: \(time(death["last_heartbeat"]))")
        if let peak = death["peak_resident_bytes"]?.integerValue {
            facts.append(
                "  at most \(peak >> 20) MiB of memory; \(number(death, "cpu_user_seconds")) s of processor time and "
                    + "\(number(death, "cpu_system_seconds")) s in the kernel"
            )
        }
        facts += section("backtrace", death["backtrace"])
        facts += section("the last lines of its output", death["log_tail"])
        return facts
    }

    private static func section(_ title: String, _ value: JSONValue?) -> [String] {
        guard let body = value?.stringValue, !body.isEmpty else { return [] }
        let lines = body.split(separator: "\n").map { "    \(text(String($0)))" }
        return ["  \(title):"] + lines
    }

    // MARK: Fields

    private static func time(_ value: JSONValue?) -> String {
        value?.stringValue.map { text(String($0.prefix(23))) } ?? "-"
    }

    private static func word(_ value: JSONValue, _ key: String) -> String {
        value[key]?.stringValue.map(text) ?? "-"
    }

    private static func number(_ value: JSONValue, _ key: String) -> String {
        guard let member = value[key], member != .null else { return "-" }
        return member.integerValue.map { "\($0)" } ?? member.doubleValue.map { "\($0)" } ?? "-"
    }

    private static func text(_ text: String) -> String { PlainText.oneLine(text) }
}
