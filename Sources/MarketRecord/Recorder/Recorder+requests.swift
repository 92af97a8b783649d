// What others ask of the recorder.
extension Recorder {
    /// Takes what has been posted.
    func takeRequests() {
        for request in mailbox.take() {
            if case .prune(let job) = request.work {
                retention.add(job)
                continue
            }
            var request = request
            if case .save(let checkpoint, _) = request.work,
                let older = requests.firstIndex(where: { $0.saves(checkpoint.workerID) })
            {
                // The later one says all that the earlier one did: so there is one of each worker, however long the disk fails.
                request.completions = requests.remove(at: older).completions + request.completions
            }
            requests.append(request)
        }
    }

    /// Answers what needs nothing but that the ring has been recorded so far; always returns true.
    func answerFlushes(through offset: UInt64) -> Bool {
        let due = requests.filter { $0.isFlush && $0.barrier <= offset }
        requests.removeAll { $0.isFlush && $0.barrier <= offset }
        for request in due { request.answer(.success(())) }
        return true
    }

    /// Answers what has been done with all that was recorded up to `offset`.
    func answer(through offset: UInt64) {
        let due = requests.filter { $0.barrier <= offset }
        requests.removeAll { $0.barrier <= offset }
        for request in due { request.answer(.success(())) }
    }

    /// Whoever waits to read must not wait for a disk that fails; a checkpoint does.
    func failFlushes(_ error: RecordError) {
        let flushes = requests.filter(\.isFlush)
        requests.removeAll(where: \.isFlush)
        for request in flushes { request.answer(.failure(error)) }
    }

    /// Does what a request asks for, within a transaction.
    func apply(_ work: RecorderRequest.Work) throws(RecordError) {
        switch work {
        case .flush, .prune: break
        case .save(let checkpoint, let overwriting): try store.save(checkpoint, overwriting: overwriting)
        case .deleteCheckpoint(let workerID): try store.deleteCheckpoint(of: workerID)
        }
    }
}

extension RecorderRequest {
    fileprivate var isFlush: Bool {
        if case .flush = work { true } else { false }
    }

    fileprivate func saves(_ workerID: String) -> Bool {
        if case .save(let checkpoint, _) = work { checkpoint.workerID == workerID } else { false }
    }
}
