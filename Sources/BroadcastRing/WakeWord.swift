internal import CBroadcastRing
internal import Glibc

/// A word of this process that one thread sleeps on, and any other can poke it by.
package final class WakeWord: @unchecked Sendable {
    // Everybody uses it by atomic operations only.
    private let word: UnsafeMutablePointer<UInt32>

    package init() {
        word = .allocate(capacity: 1)
        word.initialize(to: 0)
    }

    deinit {
        word.deallocate()
    }

    /// Changes with each poke.
    package var value: UInt32 { qcr_load32(word) }

    /// Wakes the thread that sleeps, or keeps it from falling asleep where it has not looked since.
    package func poke() {
        qcr_poke(word)
    }

    /// Sleeps until it is poked, or until `deadline`, nanoseconds of the monotonic clock; or for no reason.
    ///
    /// - Parameter seen: The value before whatever it stands for was looked at.
    package func wait(seen: UInt32, until deadline: Int64) throws(RingError) {
        try wait(with: nil, expected: 0, seen: seen, until: deadline)
    }

    func wait(
        with shared: UnsafeMutablePointer<UInt32>?,
        expected: UInt32,
        seen: UInt32,
        until deadline: Int64
    ) throws(RingError) {
        guard qcr_wait(shared, expected, word, seen, max(deadline, 0)) == 0 else { throw Self.failure(errno) }
    }

    /// - Throws: ``RingError`` where the kernel cannot wait for two words at once.
    static func check() throws(RingError) {
        var word: UInt32 = 0
        // Of a word that has another value already nobody waits.
        guard qcr_wait(nil, 0, &word, 1, 0) == 0 else { throw failure(errno) }
    }

    private static func failure(_ number: Int32) -> RingError {
        RingError("this kernel does not let a thread wait for two futexes: \(String(cString: strerror(number)))")
    }
}
