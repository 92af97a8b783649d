internal import BroadcastRing
internal import CLinux
internal import Logging
internal import MarketRecord
internal import WireProtocol
internal import ZeroMQ

// Whoever reads the ring is woken, and told what is meant for it alone.
extension Intake {
    /// The most messages that one reader is let sleep through while others follow at once: to wake it for each would cost more than the
    /// message.
    private static let wakeInterval = 128

    mutating func beginBatch() {
        isInBatch = true
        // For the first of a batch at once: it may be the only one.
        unwoken = Self.wakeInterval - 1
    }

    mutating func endBatch() {
        isInBatch = false
        if unwoken > 0 { wake() }
    }

    mutating func wakeReaders() {
        unwoken += 1
        if !isInBatch || unwoken >= Self.wakeInterval { wake() }
    }

    private mutating func wake() {
        unwoken = 0
        ring?.wake()
    }

    /// Tells one reader something, behind all data that has been published.
    ///
    /// - Returns: `false` where it is too long.
    func tell(_ name: String, _ body: [UInt8]) -> Bool {
        guard let ring else { return false }
        let isWritten = Array(name.utf8).withUnsafeBytes { name in
            body.withUnsafeBytes { ring.write(topic: RingEntry.direct, name: name, body: $0) }
        }
        ring.wake()
        return isWritten
    }
}
