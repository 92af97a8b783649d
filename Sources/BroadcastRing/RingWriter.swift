internal import CBroadcastRing
internal import Glibc

/// The one end that writes: each message once, for however many read.
///
/// It never waits for a reader and knows none. Use it from one thread.
package final class RingWriter {
    /// Where readers find the ring, as long as this object lives.
    package let offer: RingOffer

    private let layout: RingLayout
    private let file: MappedFile
    private let wakeFile: MappedFile
    private let entries: UnsafeMutableRawPointer
    private let wakeWord: UnsafeMutablePointer<UInt32>
    @exclusivity(unchecked) private var head: UInt64 = 0
    /// The segment of the last entry; none yet.
    @exclusivity(unchecked) private var segment = UInt64.max

    /// Makes a ring.
    ///
    /// - Parameter bytes: For entries; rounded up to a power of two from 64 KiB to 16 GiB.
    /// - Throws: ``RingError`` where there is not so much memory, or the kernel lacks what a ring needs: `futex_waitv` (Linux 5.16), and
    ///   files in memory that can be sealed (5.1).
    package init(bytes: Int) throws(RingError) {
        try WakeWord.check()
        let layout = RingLayout(bytes: bytes)
        self.layout = layout
        file = try MappedFile.make(layout.fileBytes, isSealed: true)
        wakeFile = try MappedFile.make(Int(sysconf(Int32(_SC_PAGESIZE))), isSealed: false)
        entries = file.base + RingLayout.headerBytes
        wakeWord = wakeFile.base.assumingMemoryBound(to: UInt32.self)
        var id: (UInt64, UInt64) = (0, 0)
        guard qcr_random(&id, 16) == 0 else { throw RingError("the system has no random numbers") }
        qcr_put(file.base + RingLayout.idOffset, id.0)
        qcr_put(file.base + RingLayout.idOffset + 8, id.1)
        qcr_put(file.base + RingLayout.capacityOffset, layout.capacity)
        qcr_store(file.base + RingLayout.magicOffset, RingLayout.magic)
        let folder = "/proc/\(getpid())/fd"
        offer = RingOffer(
            path: "\(folder)/\(file.descriptor)",
            wakePath: "\(folder)/\(wakeFile.descriptor)",
            id: RingOffer.text(id)
        )
    }

    /// The most bytes that a name and a body may have together.
    package var maxMessageBytes: Int {
        layout.maxEntryBytes - RingLayout.entryHeaderBytes - Int(RingLayout.alignment)
    }

    /// Bytes that have been written since the ring was made.
    package var written: UInt64 { head }

    /// Writes one message behind the others. Readers that sleep are not woken by this: see ``wake()``.
    ///
    /// - Parameters:
    ///   - topic: The topic's number, or ``RingEntry/direct``.
    ///   - name: Its name.
    ///   - body: What is said.
    /// - Returns: `false` where it is too long for this ring.
    @discardableResult
    package func write(topic: UInt32, name: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) -> Bool {
        let bytes = RingLayout.entryBytes(name: name.count, body: body.count)
        guard bytes <= layout.maxEntryBytes, name.count <= RingLayout.maxNameBytes else { return false }
        let start = layout.place(bytes, at: head)
        let end = start + UInt64(bytes)
        // Before the first byte changes: who read what was there finds out.
        qcr_store_before_writes(file.base + RingLayout.claimedOffset, end)
        if start != head {
            let padding = RingEntry(
                position: head,
                bytes: Int(start - head),
                topic: RingEntry.padding,
                nameBytes: 0,
                bodyBytes: 0
            )
            put(padding)
        }
        let entry = entries + layout.offset(start)
        put(RingEntry(position: start, bytes: bytes, topic: topic, nameBytes: name.count, bodyBytes: body.count))
        copy(name, to: entry + RingLayout.entryHeaderBytes)
        copy(body, to: entry + RingLayout.bodyOffset(name: name.count))
        if start / layout.segmentBytes != segment {
            segment = start / layout.segmentBytes
            qcr_put(file.base + RingLayout.startsOffset + Int(segment % RingLayout.segments) * 8, start)
        }
        head = end
        qcr_store(file.base + RingLayout.headOffset, end)
        return true
    }

    /// Wakes the readers that sleep; without a system call where there are none.
    package func wake() {
        if qcr_has_sleepers(wakeWord) != 0 { qcr_wake_all(wakeWord) }
    }

    private func put(_ entry: RingEntry) {
        let words = entry.words
        let place = entries + layout.offset(entry.position)
        qcr_put(place, words.0)
        qcr_put(place + 8, words.1)
        qcr_put(place + 16, words.2)
    }

    private func copy(_ bytes: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer) {
        guard let source = bytes.baseAddress else { return }
        qcr_copy_in(place, source, bytes.count)
    }
}
