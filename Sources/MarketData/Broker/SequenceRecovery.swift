/// Brings the ledger in line with what has been recorded, before the first message is numbered.
///
/// - The record is ahead where the process died between handing a message to the record and keeping its number, or where the ledger was
///   lost: its number counts, since no number may be given twice.
/// - The ledger is ahead after a power cut that took messages which were not on disk yet. Nobody has them or has acted on them for good, so
///   their numbers are given again. Only where the last message of the topic had been handed to the record: the numbers of messages
///   that were never to be recorded are gone for good.
package struct SequenceCorrection: Hashable, Sendable {
    /// The topic.
    package let topic: String
    /// What the ledger had.
    package let from: UInt64
    /// What counts now.
    package let to: UInt64
}

enum SequenceRecovery {
    /// - Parameters:
    ///   - ledger: What is put right.
    ///   - recorded: The last sequence on disk, by topic.
    ///   - isSameBoot: Whether all that was handed to the record is in it; `false` after a power cut.
    /// - Returns: What was put right.
    static func apply(
        to ledger: inout TopicLedger,
        recorded: [String: UInt64],
        isSameBoot: Bool
    ) -> [SequenceCorrection] {
        var corrections: [SequenceCorrection] = []
        var missing = recorded
        for index in 0..<ledger.count {
            let topic = String(decoding: ledger.topic(index), as: UTF8.self)
            guard let last = missing.removeValue(forKey: topic) else { continue }
            let kept = ledger.sequence(index)
            guard last > kept || last < kept && !isSameBoot && ledger.isRecorded(index) else { continue }
            ledger.set(index, last, isRecorded: true)
            corrections.append(SequenceCorrection(topic: topic, from: kept, to: last))
        }
        for (topic, last) in missing.sorted(by: { $0.key < $1.key }) {
            // One that does not fit is refused when its next message comes, as any topic beyond the bound.
            guard let index = Array(topic.utf8).withUnsafeBytes({ ledger.add($0) }) else { continue }
            ledger.set(index, last, isRecorded: true)
            corrections.append(SequenceCorrection(topic: topic, from: 0, to: last))
        }
        return corrections
    }
}
