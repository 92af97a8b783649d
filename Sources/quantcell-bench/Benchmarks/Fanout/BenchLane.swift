/// A way of market data to workers.
enum BenchLane: String, CaseIterable {
    case shm
    case zmq

    var name: String {
        switch self {
        case .shm: "shared memory"
        case .zmq: "ZeroMQ"
        }
    }
}
