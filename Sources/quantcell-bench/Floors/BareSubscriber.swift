import CZeroMQ
import Glibc

/// A SUB loop in bare calls that reads each frame and its time: `DATA TOPIC NAME`.
///
/// It obeys the same markers as the ``Probe`` and writes the same results, to `NAME.1`, `NAME.2`, and so on.
enum BareSubscriber {
    static func run(_ arguments: RoleArguments) throws {
        let data = try BareSocket(try Bare.context(), ZMQ_SUB)
        try data.subscribe(arguments.text(1))
        try data.connect(arguments.text(0))
        var recorder = BareRecorder(name: try arguments.text(2))
        let topic = Bare.message()
        let body = Bare.message()
        while zmq_msg_recv(topic, data.raw, 0) >= 0, zmq_msg_recv(body, data.raw, 0) >= 0 {
            try recorder.take(body)
        }
        throw BareSocket.failure("zmq_msg_recv")
    }
}

/// A PULL loop in bare calls that counts: `FEED NAME`. It obeys the markers, too.
enum BareCounter {
    static func run(_ arguments: RoleArguments) throws {
        let feed = try BareSocket(try Bare.context(), ZMQ_PULL)
        try feed.bind(arguments.text(0))
        var recorder = BareRecorder(name: try arguments.text(1))
        let topic = Bare.message()
        let body = Bare.message()
        while zmq_msg_recv(topic, feed.raw, 0) >= 0, zmq_msg_recv(body, feed.raw, 0) >= 0 {
            try recorder.take(body)
        }
        throw BareSocket.failure("zmq_msg_recv")
    }
}

/// What a bare subscriber does with a body.
struct BareRecorder {
    private let name: String
    private var count = 0
    private var first: Int64 = 0
    private var measures = false
    private var latency = Latency()
    private var results = 0

    init(name: String) {
        self.name = name
    }

    /// Reads the time where the binary header has it.
    mutating func take(_ body: UnsafeMutablePointer<zmq_msg_t>) throws {
        guard zmq_msg_size(body) >= 32, let bytes = zmq_msg_data(body) else { throw BenchError("a short body") }
        let time = bytes.loadUnaligned(fromByteOffset: Bare.timeOffset, as: Int64.self)
        guard time > 1_000_000 else { return try mark(time) }
        if count == 0 { first = Clock.monotonic }
        count += 1
        if measures { latency.record(Clock.realtime - time) }
    }

    private mutating func mark(_ time: Int64) throws {
        switch Probe.Marker(rawValue: time / 1000) {
        case .end:
            let last = Clock.monotonic
            results += 1
            try Files.write("\(count) \(first) \(last)\n\(latency.lines)", to: "\(name).new")
            guard rename("\(name).new", "\(name).\(results)") == 0 else {
                throw BenchError.system("rename \(name).new", errno: errno)
            }
        case .count, .measure:
            count = 0
            measures = time == Probe.Marker.measure.nanoseconds
            latency = Latency()
        case .warmUp, nil: break
        }
    }
}
