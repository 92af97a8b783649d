import BroadcastRing
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
        /// Joined: the strategy is warmed up and its first state is saved before it runs.
        case settling(start: Message)
        /// A strategy that is run on recorded data.
        case sandboxed
        case running
        case paused
        /// New code is taking over, from this process or in it.
        case standing(Standstill)
        /// The strategy was refused; waits until then, on the monotonic clock, to be told to stop: a process that ended at once could
        /// be noticed before its reason.
        case refused(until: Int64)
        /// The strategy has said goodbye; what it leaves is put on disk, until then at the latest.
        case finishing(until: Int64)
        /// On the way out, with the exit code.
        case ended(Int32)
    }

    /// The strategy was refused; sysexits.h calls it EX_CONFIG.
    static let refusedExitCode: Int32 = 78

    let environment: WorkerEnvironment
    let gauges: WorkerGauges
    let control: ControlLink
    let heartbeat: HeartbeatThread
    let context: ZeroMQ.Context
    let history: HistoryLink?
    let status: Socket
    let data: Socket
    let syncTopic: [UInt8]
    let ringTopic: [UInt8]

    var phase = Phase.spare
    var runner: StrategyRunner?
    /// Whether the worker stops because the manager has been away for too long: nobody takes its messages.
    var isAbandoned = false
    /// Whether the strategy gets recorded data only.
    var isSandboxed = false
    /// What ends the strategy, where it runs beside the worker to see how it does.
    var trial: Trial?
    /// What the strategy becomes once it has joined and is told to, where it is held.
    var held: Standstill.Next?
    /// What its log must not show.
    let secrets = KnownSecrets()
    /// Signals that are not on disk yet.
    var outbox = SignalOutbox()
    var resendTimer: ResendTimer
    /// Which manager the worker has spoken with last.
    var managerID: String?
    /// What is being got from the record; data is not read meanwhile.
    var recovery: Recovery?
    /// Messages of each topic that a fresh start gets from the record first.
    var warmUp: UInt64 = 0
    /// Stop commands that are answered when all is on disk.
    var stopCommands: [Message] = []
    /// The request for a marker that is under way while the strategy runs.
    var lookID: String?
    /// Commands that are answered when the state is on disk, and what the answer says.
    var saveCommands: [(command: Message, details: [String: JSONValue])] = []
    /// Waits for control alone, while a callback waits for the manager.
    var controlPoller = Poller()

    // What the main loop waits for.
    var poller = Poller()
    let historyItem: Poller.Item?
    let stopItem: Poller.Item
    let controlItem: Poller.Item
    let dataItem: Poller.Item
    let stopDescriptor: Int32
    // The same where data comes by a ring.
    var watch: DescriptorWatch?
    var seenPokes: UInt32 = .max
    var hasHistoryNews = true
    var hasSocketNews = true

    /// The rings that are read, the oldest first: more than one where a manager has died. None where data comes over the socket.
    var rings: [RingLane] = []
    /// The ring that the manager offers.
    var offer: RingOffer?
    var isRingRequired = false
    /// Whether something may have been missed that no message will show.
    var wantsLook = false

    // Used again for every message.
    var topicFrame = Frame()
    var bodyFrame = Frame()
    /// Where the message stands that was taken last.
    var messageInHand = MessageInHand.frames
    /// Whether that one waits for what comes before it.
    var hasMessageInHand = false
    /// What waits in delivery mode `conflate`.
    var latest = LatestBodies()

    /// Opens the sockets and starts the heartbeat.
    ///
    /// - Parameter stopDescriptor: becomes readable when the process shall stop.
    /// - Throws: ``ZeroMQError`` or ``WorkerFailure`` when an address is not valid or the system has no more descriptors.
    init(_ environment: WorkerEnvironment, stopDescriptor: Int32) throws {
        self.environment = environment
        self.stopDescriptor = stopDescriptor
        syncTopic = Array("sync.\(environment.identity)".utf8)
        ringTopic = Array("ring.\(environment.identity)".utf8)
        gauges = WorkerGauges(
            .init(workerID: environment.workerID, generation: environment.generation),
            identity: environment.identity
        )
        resendTimer = ResendTimer(at: qc_monotonic_ns())
        context = try ZeroMQ.Context()
        BriefThread.begin()
        control = try ControlLink(context: context, environment: environment, gauges: gauges)
        status = try Self.statusSocket(context, environment)
        data = try Self.dataSocket(context, environment)
        history = try environment.historyAddress.map { [context, gauges] address in
            try HistoryLink(
                context: context,
                address: address,
                identity: environment.identity,
                curve: environment.curve,
                gauges: gauges
            )
        }
        stopItem = poller.add(descriptor: stopDescriptor)
        controlItem = control.wait(with: &poller)
        dataItem = poller.add(data)
        historyItem = history?.wait(with: &poller)
        _ = control.wait(with: &controlPoller)
        heartbeat = try HeartbeatThread(
            context: context,
            address: environment.statusAddress,
            curve: environment.curve,
            gauges: gauges
        )
    }

    deinit {
        // Before the sockets: a context ends only when no thread uses it any more.
        heartbeat.stop()
        watch?.stop()
    }

    private static func statusSocket(_ context: ZeroMQ.Context, _ environment: WorkerEnvironment) throws -> Socket {
        let socket = try Socket(context, .push)
        // What is beyond this waits in the outbox, where it is a signal, or the strategy does: see deliver(_:).
        try socket.set(.sendHighWaterMark, 10_000)
        try socket.set(.sendTimeout, 250)
        try socket.set(.linger, 1000)
        try socket.connect(environment.statusAddress, with: environment.curve)
        return socket
    }

    private static func dataSocket(_ context: ZeroMQ.Context, _ environment: WorkerEnvironment) throws -> Socket {
        let socket = try Socket(context, .sub)
        // What a paused strategy, or a slow one, may have waiting here; more waits at, or is dropped by, the publisher.
        try socket.set(.receiveHighWaterMark, 100_000)
        try socket.connect(environment.dataAddress, with: environment.curve)
        return socket
    }

    /// Works until told to stop, and returns the exit code.
    ///
    /// - Throws: ``ZeroMQError`` when a socket fails in a way that is not to be expected.
    func run() throws -> Int32 {
        control.lease.isSpare = true
        try control.sayHello()
        while true {
            if case .ended(let code) = phase { return code }
            if case .refused(let end) = phase, end <= qc_monotonic_ns() { return Self.refusedExitCode }
            let ready = try wait()
            if ready.stops {
                qc_eventfd_drain(stopDescriptor)
                try stop(reason: "SIGTERM", command: nil)
                continue
            }
            if ready.control || control.hasBacklog { try readControl() }
            if ready.history, readsHistory { try readHistory() }
            if ready.data { try readData() }
            if case .running = phase { runner?.runTimers() }
            endTrialIfOver()
            try keepOnDisk()
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

    var readsData: Bool {
        switch phase {
        case .joining: true
        case .running: recovery == nil
        case .spare, .settling, .sandboxed, .paused, .standing, .refused, .finishing, .ended: false
        }
    }

    var readsHistory: Bool {
        switch phase {
        case .running, .settling, .sandboxed: recovery != nil
        case .spare, .joining, .paused, .standing, .refused, .finishing, .ended: false
        }
    }

    /// When something is due next, in nanoseconds of the monotonic clock.
    func nextDue(at now: Int64) -> Int64 {
        if control.hasBacklog { return now }
        var due = min(control.lease.nextLook, nextDueOnDisk(at: now))
        switch phase {
        case .refused(let end): due = min(due, end)
        case .finishing(let end): due = min(due, end)
        case .running:
            if let runner, !runner.isBroken { due = min(due, runner.timers.nextDue ?? due) }
            if let trial { due = min(due, trial.end ?? due) }
        default: break
        }
        if readsHistory { due = min(due, history?.nextLook ?? due) }
        return due
    }
}
