import Testing

@testable import BroadcastRing

/// The arithmetic of a ring, without memory.
struct RingLayoutTests {
    @Test func theCapacityIsAPowerOfTwoInRange() {
        #expect(RingLayout(bytes: 0).capacity == 64 << 10)
        #expect(RingLayout(bytes: 64 << 10).capacity == 64 << 10)
        #expect(RingLayout(bytes: (64 << 10) + 1).capacity == 128 << 10)
        #expect(RingLayout(bytes: 32 << 20).capacity == 32 << 20)
        #expect(RingLayout(bytes: .max).capacity == 16 << 30)
        for wrong: UInt64 in [0, 1, 32 << 10, 96 << 10, 32 << 30, .max] { #expect(RingLayout(capacity: wrong) == nil) }
    }

    @Test(arguments: [(0, 0, 32), (0, 8, 32), (1, 0, 32), (1, 1, 64), (20, 0, 64), (20, 16, 64), (20, 17, 96)])
    func entriesAreFilledUp(name: Int, body: Int, bytes: Int) {
        #expect(RingLayout.entryBytes(name: name, body: body) == bytes)
        #expect(RingLayout.bodyOffset(name: name) % 8 == 0)
    }

    @Test func anEntryThatDoesNotFitBeforeTheEndBeginsAnew() {
        let layout = RingLayout(bytes: 64 << 10)
        let capacity = layout.capacity
        #expect(layout.place(64, at: 0) == 0)
        #expect(layout.place(64, at: capacity - 64) == capacity - 64)
        #expect(layout.place(96, at: capacity - 64) == capacity)
        #expect(layout.place(96, at: 5 * capacity - 32) == 5 * capacity)
    }

    @Test func whatIsWrittenOverIsNotIntact() {
        let layout = RingLayout(bytes: 64 << 10)
        #expect(layout.isIntact(0, claimed: layout.capacity))
        #expect(!layout.isIntact(0, claimed: layout.capacity + 32))
        #expect(layout.isIntact(.max - 31, claimed: 32))
        // A claim from before the position: no ring says so.
        #expect(!layout.isIntact(64, claimed: 32))
    }

    @Test func aHeaderIsItsThreeWords() {
        let entry = RingEntry(position: 1 << 40, bytes: 96, topic: 7, nameBytes: 20, bodyBytes: 33)
        #expect(RingEntry(words: entry.words) == entry)
    }

    @Test func onlyWhatIsInBoundsIsValid() {
        let layout = RingLayout(bytes: 64 << 10)
        func isValid(
            _ position: UInt64 = 0,
            bytes: Int = 96,
            topic: UInt32 = 1,
            name: Int = 20,
            body: Int = 33,
            at: UInt64 = 0,
            head: UInt64 = 96
        ) -> Bool {
            RingEntry(position: position, bytes: bytes, topic: topic, nameBytes: name, bodyBytes: body)
                .isValid(at: at, head: head, in: layout)
        }
        #expect(isValid())
        #expect(!isValid(32))
        #expect(!isValid(at: 32))
        #expect(!isValid(bytes: 0))
        #expect(!isValid(bytes: 95))
        #expect(!isValid(bytes: 128))
        #expect(!isValid(body: 60))
        #expect(!isValid(body: Int(UInt32.max)))
        #expect(!isValid(name: Int(UInt32.max)))
        #expect(!isValid(head: 64))
        #expect(!isValid(head: 0))
        #expect(!isValid(bytes: 40_000, head: 60_000))
        #expect(isValid(bytes: 40_000 & ~31, topic: RingEntry.padding, head: 60_000))
        // Beyond the end of the ring.
        let end = layout.capacity - 32
        #expect(!isValid(end, at: end, head: end + 96))
    }

    @Test func whoWasOverrunGoesOnHalfAringBack() {
        let layout = RingLayout(bytes: 64 << 10)
        let (capacity, segment) = (layout.capacity, layout.segmentBytes)
        let head = 10 * capacity
        func first(_ segment: UInt64) -> UInt64 {
            (head - capacity) / layout.segmentBytes / 64 * 64 * layout.segmentBytes + segment * layout.segmentBytes
        }
        #expect(layout.resume(claimed: head, head: head, start: { first($0) + 32 }) == head - capacity / 2 + 32)
        // Entries longer than a segment: the next one that has a beginning.
        #expect(
            layout.resume(claimed: head, head: head, start: { $0 % 4 == 3 ? first($0) : 0 })
                == head - capacity / 2 + 3 * segment
        )
        // A table that says nothing, or nonsense: the head, which is always the beginning of an entry.
        for nonsense: UInt64 in [0, .max, head + 32, head - 1] {
            #expect(layout.resume(claimed: head, head: head, start: { _ in nonsense }) == head)
        }
        #expect(layout.resume(claimed: .max, head: head, start: { _ in 0 }) == head)
        #expect(layout.resume(claimed: 0, head: 7, start: { _ in 1 }) == 0)
    }
}
