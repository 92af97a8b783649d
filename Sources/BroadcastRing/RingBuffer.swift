/// Memory that is used again for one message after another, and grows to the longest.
struct RingBuffer: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer
    private var count = 0

    init() {
        memory = .allocate(byteCount: 512, alignment: 8)
    }

    deinit {
        memory.deallocate()
    }

    /// What it holds.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory.baseAddress, count: count) }

    /// Has `write` put `count` bytes in, which may write up to the next multiple of 8.
    mutating func fill(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) {
        if count > memory.count {
            memory.deallocate()
            memory = .allocate(byteCount: (count + 7) & ~7, alignment: 8)
        }
        self.count = count
        if let base = memory.baseAddress { write(base) }
    }
}
