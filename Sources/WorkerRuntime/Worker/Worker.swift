import CLinux
import StrategyKit
import WireProtocol
import ZeroMQ

/// One worker process: connected and idle until it is told to become a strategy, then that strategy until it is stopped.
///
/// One thread does everything but heartbeats: it waits for commands, data, timers and SIGTERM, and runs the callbacks.
final class Worker {
    /// Where the worker is in its life.
    enum Phase {
        /// Waiting for `start`.
        case spare
        /// The strategy is made; the marker that ends the join is still to come.
        case joining(start: Message, syncID: String)
        case running
        case paused
        /// The strategy was refused; waits until then, on the monotonic clock, to be told to stop: a process that ended at once could
        /// be noticed before its reason.
        case refused(until: Int64)
        /// On the way out, with the exit code.
        case ended(Int32)
    }

    /// The strategy was refused; sysexits.h calls it EX_CONFIG.
    static let refusedExitCode: Int32 = 78

    let environment: WorkerEnvironment
    let gauges: WorkerGauges
    let control: ControlLink
    let heartbeat: HeartbeatThread
    let status: Socket
    let data: Socket
    let syncTopic: [UInt8]

    var phase = Phase.spare
    var runner: StrategyRunner?
    /// Whether the worker stops because the manager has been away for too long: nobody takes its messages.
    var isAbandoned = false

    private var poller = Poller()
    private let stopItem: Poller.Item
    private let controlItem: Poller.Item
    private let dataItem: Poller.Item
    private let stopDescriptor: Int32
    // Used again for every message.
    private var topicFrame = Frame()
    private var bodyFrame = Frame()

    /// Opens the sockets and starts the heartbeat.
    ///
    /// - Parameter stopDescriptor: becomes readable when the process shall stop.
    /// - Throws: ``ZeroMQError`` or ``WorkerFailure`` when an address is not valid or the system has no more descriptors.
    init(_ environment: WorkerEnvironment, stopDescriptor: Int32) throws {
        self.environment = environment
        self.stopDescriptor = stopDescriptor
        syncTopic = Array("sync.\(environment.identity)".utf8)
        gauges = WorkerGauges(
            .init(workerID: environment.workerID, generation: environment.generation),
            identity: environment.identity
        )
        let context = try ZeroMQ.Context()
        control = try ControlLink(context: context, environment: environment, gauges: gauges)
        status = try Self.statusSocket(context, environment)
        data = try Self.dataSocket(context, environment)
        stopItem = poller.add(descriptor: stopDescriptor)
        controlItem = control.wait(with: &poller)
        dataItem = poller.add(data)
        heartbeat = try HeartbeatThread(context: context, address: environment.statusAddress, gauges: gauges)
    }

    deinit {
        // Before the sockets: a context ends only when no thread uses it any more.
        heartbeat.stop()
    }

    private static func statusSocket(_ context: ZeroMQ.Context, _ environment: WorkerEnvironment) throws -> Socket {
        let socket = try Socket(context, .push)
        // While the manager is away this many signals wait for it; then the strategy does. See deliver(_:).
        try socket.set(.sendHighWaterMark, 10_000)
        try socket.set(.sendTimeout, 250)
        try socket.set(.linger, 1000)
        try socket.connect(environment.statusAddress)
        return socket
    }

    private static func dataSocket(_ context: ZeroMQ.Context, _ environment: WorkerEnvironment) throws -> Socket {
        let socket = try Socket(context, .sub)
        // What a paused strategy, or a slow one, may have waiting here; more waits at, or is dropped by, the publisher.
        try socket.set(.receiveHighWaterMark, 100_000)
        try socket.connect(environment.dataAddress)
        return socket
    }

    /// Works until told to stop, and returns the exit code.
    ///
    /// - Throws: ``ZeroMQError`` when a socket fails in a way that is not to be expected.
    func run() throws -> Int32 {
        try control.sayHello()
        while true {
            if case .ended(let code) = phase { return code }
            if case .refused(let end) = phase, end <= qc_monotonic_ns() { return Self.refusedExitCode }
            poller.setEnabled(dataItem, readsData)
            try poller.wait(timeoutMilliseconds: timeoutMilliseconds)
            if poller.isReady(stopItem) {
                qc_eventfd_drain(stopDescriptor)
                try stop(reason: "SIGTERM", command: nil)
                continue
            }
            if poller.isReady(controlItem) || control.hasBacklog { try readControl() }
            if poller.isReady(dataItem) { try readData() }
            if case .running = phase { runner?.runTimers() }
            try keepInTouch()
        }
    }

    private func keepInTouch() throws {
        if case .ended = phase { return }
        // Once a message has been dropped for it there is no way back.
        guard try isAbandoned || !control.keepInTouch() else { return }
        isAbandoned = true
        let seconds = control.lease.length
        try stop(
            reason: "the manager has been away for \(Int(exactly: seconds).map { "\($0)" } ?? "\(seconds)") s",
            command: nil
        )
    }

    private var readsData: Bool {
        switch phase {
        case .joining, .running: true
        case .spare, .paused, .refused, .ended: false
        }
    }

    /// Up to the next timer or look at the lease, rounded up so that the wait does not end before it.
    private var timeoutMilliseconds: Int {
        if control.hasBacklog { return 0 }
        var due = control.lease.nextLook
        if case .refused(let end) = phase { due = min(due, end) }
        if case .running = phase, let runner, !runner.isBroken { due = min(due, runner.timers.nextDue ?? due) }
        return Int(clamping: max(0, (due - qc_monotonic_ns() + 999_999) / 1_000_000))
    }

    // MARK: Data

    /// Handles what is there, but no longer than a moment: commands and timers must not wait behind a flood of data.
    private func readData() throws {
        let end = qc_monotonic_ns() + 20_000_000
        repeat {
            guard readsData, try data.receive(into: &topicFrame) else { return }
            guard topicFrame.hasMore, try data.receive(into: &bodyFrame, wait: true) else {
                gauges.count(.unreadable)
                continue
            }
            try data.discardRest(after: &bodyFrame)
            handleMessage()
        } while qc_monotonic_ns() < end && !StopRequest.isRaised && !isAbandoned
    }

    private func handleMessage() {
        topicFrame.withBytes { topic in
            bodyFrame.withBytes { body in
                if case .joining(let start, let syncID) = phase {
                    // What comes before the marker was published before the worker had joined.
                    if topic.elementsEqual(syncTopic) { join(body, start: start, syncID: syncID) }
                } else {
                    runner?.handle(topic: topic, body: body)
                }
            }
        }
    }
}
