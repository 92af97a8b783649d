/// The intakes of a worker's process and of those before it, whose last signals may still be on their way.
struct SignalIntakes {
    private static let maxCount = 4
    /// The latest one is the last.
    private var intakes: [SignalIntake] = []

    /// The intake of a process; a new one where nothing is known of it.
    subscript(generation: UInt64) -> SignalIntake {
        get { intakes.last { $0.generation == generation } ?? SignalIntake(generation: generation) }
        set {
            if let index = intakes.lastIndex(where: { $0.generation == generation }) {
                intakes[index] = newValue
            } else {
                intakes.append(newValue)
                if intakes.count > Self.maxCount { intakes.removeFirst() }
            }
        }
    }
}
