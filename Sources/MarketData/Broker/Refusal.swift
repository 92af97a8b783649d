/// A message that the broker did not pass on.
public struct Refusal: Hashable, Sendable {
    /// Why, in one line.
    public let reason: String
    /// Its topic, as far as it could be read.
    public let topic: String?
    /// Length of its frames together, bytes.
    public let bytes: Int
    /// How many refusals came between the last report and this one without being reported.
    public let unreported: UInt64

    package init(reason: String, topic: String?, bytes: Int, unreported: UInt64) {
        self.reason = reason
        self.topic = topic
        self.bytes = bytes
        self.unreported = unreported
    }
}

/// Lets a bounded number of reports through each second and counts the others.
package struct RefusalSampler {
    private let perSecond: Int
    private var second: Int64 = 0
    private var reported = 0
    private var unreported: UInt64 = 0

    package init(perSecond: Int) {
        self.perSecond = perSecond
    }

    /// Whether to report a refusal that happens at `nanoseconds`; if so, how many were left out since the last one.
    package mutating func admit(at nanoseconds: Int64) -> UInt64? {
        let now = nanoseconds / 1_000_000_000
        if now != second {
            second = now
            reported = 0
        }
        guard reported < perSecond else {
            unreported += 1
            return nil
        }
        reported += 1
        defer { unreported = 0 }
        return unreported
    }
}
