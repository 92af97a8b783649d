internal import CLinux
package import CoreMetrics
internal import Glibc
package import Logging
internal import Synchronization
internal import Threads
internal import WireProtocol

/// Market data on disk: every accepted message, in the order of arrival, and the checkpoints of those who handled them.
///
/// ``append(topic:body:sequence:receiveTime:publisher:number:)`` and ``wants(_:)`` belong to the one thread that accepts messages; all
/// else may be called from any thread. A record must be stopped: its thread keeps it alive until then.
package final class MarketRecord: Sendable {
    package let configuration: RecordConfiguration
    /// Topic to its last sequence, with what was in the ring.
    package let recovered: [String: UInt64]
    /// Publisher to its last number that was accepted, with what was in the ring.
    package let publishers: [String: UInt64]
    /// Whether the ring was written since the machine booted; otherwise what was in it is gone.
    package let isSameBoot: Bool
    /// Bytes of the ring that were thrown away when it was opened.
    package let discardedBytes: UInt64

    private let ring: IntakeRing
    private let waker: Waker
    let mailbox: RecorderMailbox
    let recorder: Recorder
    private let shared = RecorderShared()
    private let thread = Mutex<OwnThread?>(nil)
    let lookups: Lookups

    /// Opens the record, or makes it, and writes what an earlier process left in the ring to the database.
    ///
    /// - Parameter commitTimer: Told how long each transaction took, the disk included.
    /// - Throws: ``RecordError`` with what to do, when a file cannot be made, is locked, damaged or not ours.
    package init(
        _ configuration: RecordConfiguration,
        logger: Logger,
        commitTimer: CoreMetrics.Timer? = nil
    ) throws(RecordError) {
        self.configuration = configuration
        let store = try RecordStore(path: configuration.path, busyTimeout: configuration.busyTimeout)
        let (ring, findings) = try IntakeRing.open(
            path: configuration.ringPath,
            // Nothing comes into it where nothing is recorded.
            capacity: configuration.mode == .off
                ? RecordConfiguration.ringBytesRange.lowerBound : configuration.ringBytes,
            boot: Boot.id()
        )
        self.ring = ring
        waker = try Waker()
        mailbox = RecorderMailbox(ring, waker)
        lookups = Lookups(path: configuration.path)
        recorder = Recorder(
            configuration,
            ring: ring,
            store: store,
            mailbox: mailbox,
            waker: waker,
            shared: shared,
            commitTimer: commitTimer,
            logger: logger
        )
        isSameBoot = findings.isSameBoot
        discardedBytes = findings.discardedBytes
        shared.statistics.withLock { $0.discardedBytes = findings.discardedBytes }
        if findings.discardedBytes > 0, let reason = findings.discardReason {
            logger.error("\(findings.discardedBytes) bytes of messages in \(ring.path) were thrown away: \(reason)")
        }
        recorder.recover()
        let left = RingContents(ring)
        recovered = store.lastSequences.merging(left.sequences) { max($0, $1) }
        publishers = store.publishers.merging(left.publishers) { max($0, $1) }
        ring.begin(at: max(store.nextPosition, left.nextPosition))
    }

    /// Starts the recorder's thread.
    package func start(_ events: RecordEvents = RecordEvents()) throws(RecordError) {
        do throws(ThreadError) {
            let thread = try OwnThread("qc-record") { [recorder] in recorder.run(events) }
            self.thread.withLock { $0 = thread }
        } catch {
            throw RecordError(.failed, error.description)
        }
    }

    /// Whether a topic is recorded.
    package func wants(_ topic: String) -> Bool { configuration.wants(topic) }

    /// The largest message that can be taken in: topic, publisher and body together, bytes.
    package var maxMessageBytes: Int { ring.maxEntryBytes - IntakeLayout.text - 8 }

    /// Takes a message in; from then on it outlives the process.
    ///
    /// Neither waits nor allocates. One that is larger than ``maxMessageBytes`` is counted and not recorded.
    ///
    /// - Parameters:
    ///   - body: The stamped body, as subscribers get it.
    ///   - publisher: The id of a publisher that numbers its messages, else empty.
    ///   - number: Its number for this message; 0 where it has none.
    /// - Returns: `false` where there is no room; `onRoom` is called once there is.
    package func append(
        topic: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer,
        sequence: UInt64,
        receiveTime: Int64,
        publisher: UnsafeRawBufferPointer,
        number: UInt64
    ) -> Bool {
        guard topic.count + publisher.count + body.count <= maxMessageBytes, topic.count <= Topic.maxBytes,
            publisher.count <= 1 << 10
        else {
            shared.statistics.withLock { $0.tooLarge += 1 }
            return true
        }
        func put() -> Bool {
            ring.append(
                topic: topic,
                body: body,
                sequence: sequence,
                receiveTime: receiveTime,
                publisher: publisher,
                number: number
            )
        }
        if !put() {
            shared.isRoomWanted.store(true, ordering: .relaxed)
            // Room may have come before the recorder could see that it is wanted; its own fence is between making room and looking.
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            guard put() else { return false }
        }
        waker.messageCame()
        return true
    }

    /// Calls back once all that was appended before is on disk, or when recording fails.
    package func flush(then completion: @escaping @Sendable (Result<Void, RecordError>) -> Void) {
        post(.flush, completion)
    }

    /// What the record has done since it was opened.
    package var statistics: RecordStatistics {
        var statistics = shared.statistics.withLock { $0 }
        // The tail first: it never passes the head.
        let tail = ring.tail
        statistics.pendingBytes = ring.head - tail
        statistics.pendingMessages = ring.pendingMessages
        statistics.ringBytes = ring.capacity
        return statistics
    }

    /// Writes what is in the ring to the database, closes it, and returns when that is done.
    ///
    /// Nothing may be appended any more. Where the disk fails, the rest stays in the ring for the next start. May be called again; not by a callback.
    package func stop() {
        shared.isStopping.store(true, ordering: .releasing)
        waker.interrupt()
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
        ring.unlock()
    }

    func post(_ work: RecorderRequest.Work, _ completion: @escaping RecorderRequest.Completion) {
        if !mailbox.post(work, completion) { completion(.failure(.closed(configuration.path))) }
    }
}
