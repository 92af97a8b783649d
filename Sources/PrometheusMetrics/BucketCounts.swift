internal import Synchronization

/// A count for each range of values, which several threads add to without a lock.
///
/// `@unchecked`: the memory lives as long as this object, and everything in it is atomic.
final class BucketCounts: @unchecked Sendable {
    /// The upper bounds, ascending, the last one infinite.
    private let bounds: [Double]
    private let counts: UnsafeMutablePointer<Atomic<UInt64>>

    init(bounds: [Double]) {
        self.bounds = bounds.filter(\.isFinite).sorted() + [.infinity]
        counts = .allocate(capacity: self.bounds.count)
        for index in self.bounds.indices { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: bounds.count)
        counts.deallocate()
    }

    func count(_ value: Double) {
        // A bound belongs to its own bucket.
        var index = 0
        while value > bounds[index] { index += 1 }
        counts[index].add(1, ordering: .relaxed)
    }

    func read() -> [(bound: Double, count: UInt64)] {
        bounds.enumerated().map { ($1, counts[$0].load(ordering: .relaxed)) }
    }
}
