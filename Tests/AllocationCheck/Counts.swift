/// What was allocated, a round each.
struct Counts {
    /// Calls by all but libzmq.
    var own: [Int] = []
    /// Calls by libzmq.
    var zmq: [Int] = []

    mutating func add(own: Int, zmq: Int) {
        self.own.append(own)
        self.zmq.append(zmq)
    }

    /// What every round has in common.
    var fewest: Int { own.min() ?? .max }
}

/// What a scene has found.
struct Findings {
    /// The thread that takes, checks, numbers, records and sends.
    var broker = Counts()
    /// The thread that the strategy runs on.
    var worker = Counts()
}
