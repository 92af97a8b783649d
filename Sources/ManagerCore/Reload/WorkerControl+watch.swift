internal import EventJournal
internal import Logging
internal import Supervision
internal import WireProtocol

// Strategies that are reloaded when their file changes.
extension WorkerControl {
    /// Watches the files of those that want it, and no others.
    func watchFiles() {
        var files: [String: String] = [:]
        for worker in workers.values where worker.config.watch && supervisor.state(of: worker.id) != .stopped {
            files[worker.id] = worker.config.path
        }
        sources.set(files)
    }

    /// A file has been written and left alone.
    func sourceChanged(_ workerID: String) {
        guard isOpen, let worker = workers[workerID], worker.config.watch else { return }
        guard worker.reload == nil, !worker.isPreparing else {
            // What is on its way may be made of what the file was before.
            worker.hasChangedAgain = true
            return
        }
        let request = ReloadRequest(actor: .reload, trial: settings.supervisor.reload, needsChange: true)
        let failures = worker.reloadFailures
        reload(worker, request) { [unowned self] result in
            // One that did not come to be a reload has told nobody yet.
            if case .failure(let error) = result, worker.reloadFailures == failures {
                chronicle.record(
                    .worker,
                    workerID: worker.id,
                    cause: "its file has changed and is not reloaded: \(error.firstLine)",
                    actor: .reload,
                    level: .warning
                )
            }
            guard worker.hasChangedAgain else { return }
            worker.hasChangedAgain = false
            sourceChanged(workerID)
        }
    }
}

extension ManagerError {
    /// The beginning of the text, for places that take one line.
    var firstLine: String {
        let line = description.split(separator: "\n").first ?? ""
        return line.count > 400 ? "\(line.prefix(400))…" : String(line)
    }
}
