internal import CBroadcastRing

/// One end that reads. It writes nothing into the ring, so that whatever becomes of it harms nobody; and whatever the ring holds
/// harms nobody but it: every length and every offset is checked before it is used, and nothing is used where it stands.
///
/// Use it from one thread.
package final class RingReader {
    /// Where a new reader begins.
    package enum Start: Hashable, Sendable {
        /// Behind all that is there.
        case newest
        /// At the oldest message that is not about to be written over.
        case oldest
    }

    /// What ``look()`` finds.
    package enum Arrival: Hashable, Sendable {
        case nothing
        /// A message: ``take(_:)`` it or ``skip(_:)`` it.
        case message(RingEntry)
        /// What would have come next has been written over: ``resume()``.
        case overrun
        /// No ring looks like this: it cannot be read any more.
        case damaged
    }

    /// Which ring it reads.
    package let offer: RingOffer

    private let layout: RingLayout
    private let file: MappedFile
    private let wakeFile: MappedFile
    private let entries: UnsafeMutableRawPointer
    private let wakeWord: UnsafeMutablePointer<UInt32>
    // One thread uses them, for every message.
    @exclusivity(unchecked) private var position: UInt64 = 0
    /// The head as it was seen last.
    @exclusivity(unchecked) private var head: UInt64 = 0
    @exclusivity(unchecked) private var body = RingBuffer()
    private var name = RingBuffer()

    /// Opens a ring.
    ///
    /// - Throws: ``RingError`` where there is none, it is another one, or it belongs to somebody else; and where the kernel lacks what is
    ///   needed to wait for it.
    package init(_ offer: RingOffer, at start: Start) throws(RingError) {
        try WakeWord.check()
        self.offer = offer
        let least = RingLayout.headerBytes + Int(RingLayout.capacities.lowerBound)
        let most = RingLayout.headerBytes + Int(RingLayout.capacities.upperBound)
        file = try MappedFile.open(offer.path, least...most, isWritable: false)
        let magic = qcr_load(file.base + RingLayout.magicOffset)
        guard magic == RingLayout.magic,
            let layout = RingLayout(capacity: qcr_load(file.base + RingLayout.capacityOffset)),
            layout.fileBytes == file.count
        else { throw RingError("\(offer.path) is no ring") }
        let idOffset = RingLayout.idOffset
        guard RingOffer.text((qcr_load(file.base + idOffset), qcr_load(file.base + idOffset + 8))) == offer.id else {
            throw RingError("\(offer.path) is another ring than the one that was offered")
        }
        self.layout = layout
        wakeFile = try MappedFile.open(offer.wakePath, 4096...(1 << 20), isWritable: true)
        entries = file.base + RingLayout.headerBytes
        wakeWord = wakeFile.base.assumingMemoryBound(to: UInt32.self)
        switch start {
        case .newest: position = loadHead() & ~(RingLayout.alignment - 1)
        case .oldest: if claimed > layout.capacity { resume() }
        }
    }

    // MARK: Reading

    /// Looks at the next message without reading it.
    package func look() -> Arrival {
        while true {
            if position == head, position == loadHead() { return .nothing }
            let place = entries + layout.offset(position)
            let entry = RingEntry(words: (qcr_peek(place), qcr_peek(place + 8), qcr_peek(place + 16)))
            let claimed = qcr_load_after_reads(file.base + RingLayout.claimedOffset)
            // No writer claims less than it has written.
            guard claimed >= position else { return .damaged }
            guard layout.isIntact(position, claimed: claimed) else { return .overrun }
            guard entry.isValid(at: position, head: head, in: layout) else { return .damaged }
            guard entry.topic == RingEntry.padding else { return .message(entry) }
            position = entry.end
        }
    }

    /// Leaves a message out.
    package func skip(_ entry: RingEntry) {
        position = entry.end
    }

    /// Copies a message's body out, to be had by ``withBody(_:)``.
    ///
    /// - Returns: `false` where it was written over meanwhile: the reader is overrun.
    package func take(_ entry: RingEntry) -> Bool {
        copy(entry, RingLayout.bodyOffset(name: Int(entry.nameBytes)), Int(entry.bodyBytes), into: &body)
        guard isIntact else { return false }
        position = entry.end
        return true
    }

    /// The body that was taken last.
    package func withBody<Result>(_ use: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try use(body.bytes)
    }

    /// The name of a message's topic; `nil` where it was written over meanwhile.
    package func withName<Result>(of entry: RingEntry, _ use: (UnsafeRawBufferPointer) throws -> Result) rethrows
        -> Result?
    {
        copy(entry, RingLayout.entryHeaderBytes, Int(entry.nameBytes), into: &name)
        return isIntact ? try use(name.bytes) : nil
    }

    /// Goes on behind what has been written over.
    ///
    /// - Returns: How many bytes were left out.
    @discardableResult
    package func resume() -> UInt64 {
        let from = position
        let starts = file.base + RingLayout.startsOffset
        position = layout.resume(claimed: claimed, head: loadHead()) { qcr_peek(starts + Int($0) * 8) }
        return position &- from
    }

    // MARK: Waiting

    /// Sleeps until the ring has news, or `own` is poked, or until `deadline`, nanoseconds of the monotonic clock; or for no reason.
    ///
    /// - Parameter seen: The value of `own` before whatever it stands for was looked at.
    package func wait(_ own: WakeWord, seen: UInt32, until deadline: Int64) throws(RingError) {
        let expected = qcr_announce_sleep(wakeWord)
        guard position == loadHead() else { return }
        try own.wait(with: wakeWord, expected: expected, seen: seen, until: deadline)
    }

    // MARK: The ring's words

    private var claimed: UInt64 { qcr_load(file.base + RingLayout.claimedOffset) }

    /// Whether what was just read at the position had not been written over.
    private var isIntact: Bool {
        layout.isIntact(position, claimed: qcr_load_after_reads(file.base + RingLayout.claimedOffset))
    }

    private func loadHead() -> UInt64 {
        head = qcr_load(file.base + RingLayout.headOffset)
        return head
    }

    private func copy(_ entry: RingEntry, _ offset: Int, _ count: Int, into buffer: inout RingBuffer) {
        buffer.fill(count) { qcr_copy_out($0, entries + layout.offset(position) + offset, count) }
    }
}
