import CZeroMQ
import Glibc
import WireProtocol

/// Pushes bars, into a manager or into a floor, in bare calls either way: `FEED KIND COMMAND NUMBER [RATE]`.
///
/// - `count N`: N bars as fast as they are taken.
/// - `measure N RATE`: N bars, each at its time, from 10,000 a second in bunches. That time is its event time, so that one that is sent late counts as late.
/// - `steady RATE`: bars at that rate until it is killed.
///
/// The first two say when they began and ended, in monotonic time.
enum Publisher {
    private static let warmUps = 1000
    /// What `count` sends beside the bars: those that warm up, and a marker at each end.
    static let extraMessages = warmUps + 2

    static func run(_ arguments: RoleArguments) throws {
        Clock.sharpen()
        let address = try arguments.text(0)
        guard let kind = BodyKind(rawValue: try arguments.text(1)) else { throw BenchError("an unknown kind of body") }
        let context = try Bare.context()
        let socket = try BareSocket(context, ZMQ_PUSH)
        // Waits for the connection: what is measured is the way of the messages, not the beginning of it.
        try socket.set(ZMQ_IMMEDIATE, 1)
        try socket.set(ZMQ_LINGER, 60_000)
        try socket.connect(address)
        var body = MarketBody(kind)
        let topic = Array("market.\(Probe.symbol).\(Probe.dataType)".utf8)
        func send(_ time: Int64) throws {
            body.setTime(time)
            try body.withBytes { bytes in
                guard zmq_send(socket.raw, topic, topic.count, ZMQ_SNDMORE) >= 0,
                    zmq_send(socket.raw, bytes.baseAddress, bytes.count, 0) >= 0
                else { throw BareSocket.failure("zmq_send") }
            }
        }
        let number = try arguments.number(3)
        switch try arguments.text(2) {
        case "count":
            for _ in 0..<warmUps { try send(Probe.Marker.warmUp.nanoseconds) }
            try send(Probe.Marker.count.nanoseconds)
            Clock.sleep(milliseconds: 200)
            let time = Clock.realtime
            let start = Clock.monotonic
            for _ in 0..<number { try send(time) }
            let end = Clock.monotonic
            try send(Probe.Marker.end.nanoseconds)
            print(start, end)
        case "measure":
            for _ in 0..<warmUps { try send(Probe.Marker.warmUp.nanoseconds) }
            Clock.sleep(milliseconds: 200)
            try send(Probe.Marker.measure.nanoseconds)
            let start = Clock.monotonic + 100_000_000
            try pace(number, rate: try arguments.number(4), from: start, send)
            print(start, Clock.monotonic)
            Clock.sleep(milliseconds: 200)
            try send(Probe.Marker.end.nanoseconds)
        default:
            try pace(.max, rate: number, from: Clock.monotonic, send)
        }
        // Returns when everything has been handed to the kernel.
        zmq_close(socket.raw)
        zmq_ctx_term(context)
    }

    /// At high rates, bars that are due at one moment come in bunches, and the processor is left alone between them: who waits for each
    /// by looking at the clock takes a core from those whom he measures.
    private static func pace(_ count: Int, rate: Int, from start: Int64, _ send: (Int64) throws -> Void) rethrows {
        let bunch = max(1, rate / bunchesPerSecond)
        let interval = 1_000_000_000 * Int64(bunch) / Int64(rate) / 1000 * 1000
        // Between the two clocks, to whole microseconds, which is what JSON carries.
        let epoch = (Clock.realtime - Clock.monotonic) / 1000 * 1000
        var due = start / 1000 * 1000
        for index in 0..<count {
            if index % bunch == 0 {
                if index > 0 { due += interval }
                if bunch > 1 { Clock.sleep(until: due) } else { Clock.waitPrecisely(until: due) }
            }
            try send(due + epoch)
        }
    }

    private static let bunchesPerSecond = 5000
}

/// How a bar is written.
enum BodyKind: String, CaseIterable {
    case binary
    case json
    /// The floor's: as long as a binary one, with the time in the same place.
    case bareBinary
    /// The floor's: as long as a JSON one, with the time where a binary one has it.
    case bareJSON

    /// What users send.
    static let allCases: [BodyKind] = [.binary, .json]

    /// The floor for the same number of bytes.
    var floor: BodyKind { self == .json || self == .bareJSON ? .bareJSON : .bareBinary }
}

/// A bar whose time is changed in place, so that publishing costs the same whatever the body.
struct MarketBody {
    private var bytes: [UInt8]
    private let kind: BodyKind
    private let timeOffset: Int

    /// The digits of a time: seconds, a point and microseconds.
    private static let timeDigits = 17

    init(_ kind: BodyKind) {
        self.kind = kind
        let text = Self.json
        let marker = Array(#""timestamp":"#.utf8)
        let start = text.indices.first { text[$0...].starts(with: marker) } ?? 0
        switch kind {
        case .binary, .bareBinary:
            bytes = []
            BinaryCodec.encode(Self.event, into: &bytes)
            timeOffset = Bare.timeOffset
        case .json:
            bytes = text
            timeOffset = start + marker.count
        case .bareJSON:
            bytes = [UInt8](repeating: 0x20, count: text.count)
            timeOffset = Bare.timeOffset
        }
    }

    /// The number of bytes.
    var count: Int { bytes.count }

    func withBytes(_ use: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try bytes.withUnsafeBytes(use)
    }

    /// - Parameter nanoseconds: Whole microseconds since the Unix epoch.
    mutating func setTime(_ nanoseconds: Int64) {
        guard kind == .json else {
            bytes.withUnsafeMutableBytes { bytes in
                bytes.storeBytes(of: nanoseconds.littleEndian, toByteOffset: timeOffset, as: Int64.self)
            }
            return
        }
        // Below a second with as many digits, since JSON allows no leading zeros.
        var (number, point) = (nanoseconds / 1000, 10)
        if nanoseconds < 1_000_000_000 { (number, point) = (nanoseconds * 1_000_000, 1) }
        for place in stride(from: Self.timeDigits - 1, through: 0, by: -1) {
            guard place != point else {
                bytes[timeOffset + place] = UInt8(ascii: ".")
                continue
            }
            bytes[timeOffset + place] = UInt8(ascii: "0") + UInt8(number % 10)
            number /= 10
        }
    }

    static let event = MarketEvent(
        eventTime: 1_736_933_400_123_456_000,
        payload: .bar(
            BarData(
                open: 43250.1,
                high: 43260.5,
                low: 43240.25,
                close: 43255.75,
                volume: 12.5,
                interval: "1m",
                closed: true
            )
        )
    )

    private static let json = Array(
        #"{"msg_type":"market_data","payload":{"symbol":"\#(Probe.symbol)","data_type":"\#(Probe.dataType)","source":"bench","timestamp":1736933400.123456,"data":{"open":43250.1,"high":43260.5,"low":43240.25,"close":43255.75,"volume":12.5,"interval":"1m","closed":true}}}"#
            .utf8
    )
}
