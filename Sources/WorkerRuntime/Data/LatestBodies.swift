/// The latest message of each topic among those that were waiting, in the order in which the latest ones came.
struct LatestBodies {
    private final class Slot {
        var body: [UInt8] = []
        /// Counts arrivals; 0 while nothing waits.
        var arrival = 0
    }

    private var slots: [Int: Slot] = [:]
    private var waiting: [(arrival: Int, index: Int)] = []
    private var arrivals = 0
    private var taken = 0

    /// Puts a message in the place, and in the memory, of the one before.
    mutating func put(_ body: UnsafeRawBufferPointer, at index: Int) {
        let slot = slots[index] ?? Slot()
        slots[index] = slot
        slot.body.removeAll(keepingCapacity: true)
        slot.body.append(contentsOf: body)
        arrivals += 1
        slot.arrival = arrivals
        waiting.append((arrivals, index))
    }

    /// The topic whose message comes next; `nil` when all have been.
    mutating func next() -> Int? {
        while taken < waiting.count {
            let (arrival, index) = waiting[taken]
            taken += 1
            // A later one has taken its place.
            if slots[index]?.arrival == arrival { return index }
        }
        return nil
    }

    func withBody(at index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        slots[index]?.body.withUnsafeBytes(body)
    }

    /// Forgets what waits and keeps the memory.
    mutating func removeAll() {
        waiting.removeAll(keepingCapacity: true)
        taken = 0
        arrivals = 0
        for slot in slots.values { slot.arrival = 0 }
    }
}
