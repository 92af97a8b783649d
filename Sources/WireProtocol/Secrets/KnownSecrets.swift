internal import Glibc
internal import Synchronization

/// The secrets that have been seen, to find them wherever they turn up in a text: in the error of a strategy, or in its last words.
///
/// Names tell which values are secret (``Secrets``). Short ones are not looked for, since they are parts of other words; nor
/// is more than a number of them, the oldest are forgotten first.
package final class KnownSecrets: Sendable {
    private static let maxCount = 1000

    private let values = Mutex<[[UInt8]]>([])
    private let isEmpty = Atomic(true)

    /// None.
    package init() {}

    /// Learns the secrets of a value.
    package func learn(_ value: JSONValue) {
        let texts = value.secrets
        if !texts.isEmpty { learn(texts) }
    }

    /// Learns the secrets of an environment.
    package func learn(environment: [String: String]) {
        learn(.object(environment.mapValues(JSONValue.string)))
    }

    private func learn(_ texts: [String]) {
        values.withLock { values in
            for text in texts {
                // As it is, and as it stands in JSON.
                for form in Set([text, String(JSONValue.string(text).text.dropFirst().dropLast())]) {
                    let bytes = Array(form.utf8)
                    if !values.contains(bytes) { values.append(bytes) }
                }
            }
            values.removeFirst(max(values.count - Self.maxCount, 0))
        }
        isEmpty.store(false, ordering: .relaxed)
    }

    /// The text, with ``Secrets/mark`` in place of every secret.
    package func scrub(_ text: String) -> String {
        if isEmpty.load(ordering: .relaxed) { return text }
        var found = Array(text.utf8)
        // The longest first: one may be part of another.
        let known = values.withLock { values in values.filter { Self.find($0, in: found, from: 0) != nil } }
            .sorted { $0.count > $1.count }
        if known.isEmpty { return text }
        for secret in known {
            var at = 0
            while let index = Self.find(secret, in: found, from: at) {
                found.replaceSubrange(index..<(index + secret.count), with: Secrets.mark.utf8)
                at = index + Secrets.mark.utf8.count
            }
        }
        return String(decoding: found, as: UTF8.self)
    }

    /// The value, without secrets in any of its texts.
    package func scrub(_ value: JSONValue) -> JSONValue {
        if isEmpty.load(ordering: .relaxed) { return value }
        return switch value {
        case .string(let text): .string(scrub(text))
        case .array(let elements): .array(elements.map { scrub($0) })
        case .object(let members): .object(members.mapValues { scrub($0) })
        default: value
        }
    }

    private static func find(_ part: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
        guard let first = part.first else { return nil }
        return bytes.withUnsafeBytes { bytes in
            part.withUnsafeBytes { part in
                guard let base = bytes.baseAddress, let wanted = part.baseAddress else { return nil }
                var at = from
                while at + part.count <= bytes.count {
                    guard let place = memchr(base + at, Int32(first), bytes.count - part.count - at + 1) else {
                        return nil
                    }
                    at = base.distance(to: UnsafeRawPointer(place))
                    if memcmp(place, wanted, part.count) == 0 { return at }
                    at += 1
                }
                return nil
            }
        }
    }
}
