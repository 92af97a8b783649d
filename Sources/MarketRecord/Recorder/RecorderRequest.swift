internal import Synchronization

/// Something that the recorder is to do once the ring has been recorded up to `barrier`.
struct RecorderRequest: Sendable {
    typealias Completion = @Sendable (Result<Void, RecordError>) -> Void

    enum Work: Sendable {
        case flush
        case save(CheckpointRecord, overwriting: Bool)
        case deleteCheckpoint(workerID: String)
        case prune(Retention.Job)
    }

    let work: Work
    let barrier: UInt64
    var completions: [Completion]

    func answer(_ result: Result<Void, RecordError>) {
        for completion in completions { completion(result) }
    }
}

/// Requests on their way to the recorder, in order.
final class RecorderMailbox: Sendable {
    private let requests = Mutex<[RecorderRequest]>([])
    private let closed = Atomic(false)
    private let ring: IntakeRing
    private let waker: Waker

    init(_ ring: IntakeRing, _ waker: Waker) {
        self.ring = ring
        self.waker = waker
    }

    /// Hands a request over; `false` once the recorder has stopped.
    func post(_ work: RecorderRequest.Work, _ completion: @escaping RecorderRequest.Completion) -> Bool {
        let isPosted = requests.withLock { requests in
            if closed.load(ordering: .relaxed) { return false }
            requests.append(RecorderRequest(work: work, barrier: ring.head, completions: [completion]))
            return true
        }
        if isPosted { waker.interrupt() }
        return isPosted
    }

    var isEmpty: Bool { requests.withLock { $0.isEmpty } }

    func take() -> [RecorderRequest] {
        requests.withLock { requests in
            defer { requests = [] }
            return requests
        }
    }

    /// Takes nothing more, and gives out what is there.
    func close() -> [RecorderRequest] {
        requests.withLock { requests in
            closed.store(true, ordering: .relaxed)
            defer { requests = [] }
            return requests
        }
    }
}
