import CLinux
import Glibc
import StrategyKit
import Synchronization
import Threads
import WireProtocol
import ZeroMQ

/// Says that the process lives, on a thread and a socket of its own, so that it goes on while a callback does not return. For the same
/// reason it looks after the log file, and writes down where the strategy is when it is asked to.
final class HeartbeatThread: Sendable {
    private static let logCheckInterval: Int64 = 1_000_000_000

    /// Where the process' output goes.
    let output = OutputLog()

    private let context: ZeroMQ.Context
    private let address: String
    private let curve: CurveClient?
    private let gauges: WorkerGauges
    private let wakeDescriptor: Int32
    private let intervalMilliseconds = Atomic<Int32>(1000)
    private let isStopping = Atomic(false)
    private let thread = Mutex<OwnThread?>(nil)

    /// Makes the thread's parts and starts it.
    ///
    /// - Throws: ``WorkerFailure`` when the system has no more descriptors or threads.
    init(
        context: ZeroMQ.Context,
        address: String,
        curve: CurveClient?,
        gauges: WorkerGauges
    ) throws(WorkerFailure) {
        self.context = context
        self.address = address
        self.curve = curve
        self.gauges = gauges
        wakeDescriptor = qc_eventfd_create()
        guard wakeDescriptor >= 0 else {
            throw WorkerFailure("cannot open an eventfd: \(String(cString: strerror(errno)))")
        }
        // On the strategy's thread, as the handlers need it.
        SignalInbox.install(wakeDescriptor: wakeDescriptor)
        try start()
    }

    deinit {
        SignalInbox.forgetWakeDescriptor()
        close(wakeDescriptor)
    }

    /// Changes how often the heart beats; 10 ms to an hour.
    func setInterval(seconds: Double) {
        let milliseconds = Int32(min(max(seconds, 0.01), 3600) * 1000)
        let previous = intervalMilliseconds.exchange(milliseconds, ordering: .relaxed)
        if milliseconds != previous { beat() }
    }

    /// Beats now, because there is news, and then at the usual interval.
    func beat() {
        qc_eventfd_signal(wakeDescriptor)
    }

    /// Ends the thread and waits for it.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        beat()
        thread.withLock { $0.take() }?.join()
    }

    private func start() throws(WorkerFailure) {
        do throws(ThreadError) {
            // Signals are for the strategy's thread.
            let started = try OwnThread("heartbeat", takesSignals: false) { self.run() }
            thread.withLock { $0 = started }
        } catch {
            throw WorkerFailure(error.description)
        }
    }

    private func run() {
        var nextLogCheck = qc_monotonic_ns()
        let backtrace = Backtrace()
        do {
            let socket = try Socket(context, .push)
            // A heartbeat is of use only now: while nobody is connected it is dropped instead of queued.
            try socket.set(.immediate, 1)
            try socket.set(.sendHighWaterMark, 8)
            try socket.connect(address, with: curve)
            while !isStopping.load(ordering: .acquiring) {
                try socket.send([gauges.heartbeat(at: qc_monotonic_ns()).bytes])
                wait()
                let now = qc_monotonic_ns()
                if SignalInbox.takeLogCheck() || now >= nextLogCheck {
                    output.follow()
                    nextLogCheck = now + Self.logCheckInterval
                }
                if let frames = SignalInbox.takeFrames() { write(backtrace.lines(frames), at: now) }
            }
        } catch {
            // Without heartbeats the manager replaces this worker; the log says why.
            LogLine.write(.error, "heartbeat", "no more heartbeats: \(error)")
        }
    }

    private func write(_ lines: [String], at now: Int64) {
        let speaker = gauges.currentSpeaker
        let place = gauges.runningCallback(at: now).map { callback in
            "\(callback.name) for \((callback.seconds * 10).rounded(.down) / 10) s"
        }
        let title =
            "--- backtrace of \(speaker.workerID) generation \(speaker.generation): \(place ?? "no callback") ---"
        LogLine.write(([title] + lines + ["--- end ---\n"]).joined(separator: "\n"))
    }

    private func wait() {
        var item = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
        let pause = Self.pause(
            intervalMilliseconds: intervalMilliseconds.load(ordering: .relaxed),
            at: qc_monotonic_ns()
        )
        poll(&item, 1, pause)
        qc_eventfd_drain(wakeDescriptor)
    }

    /// How long to wait for the next beat, in milliseconds: no longer than the interval, and no shorter than nine tenths of it.
    ///
    /// Beats fall on tenths of the interval since the machine's start, which all processes see alike. So those of a hundred workers come
    /// in at most ten bunches, each of which wakes the manager once; were there one bunch only, all the workers would want the processor
    /// at the same moment. From beat to beat it is the interval exactly, however late the thread woke.
    static func pause(intervalMilliseconds: Int32, at now: Int64) -> Int32 {
        let interval = Int64(max(intervalMilliseconds, 1)) * 1_000_000
        let step = max(interval / 10, 1)
        let next = (now + interval) / step * step
        // Rounded up, or the thread would wake before the time and wait again.
        return Int32(clamping: (next - now + 999_999) / 1_000_000)
    }
}
