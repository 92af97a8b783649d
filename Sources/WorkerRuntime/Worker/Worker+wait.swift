import BroadcastRing
import CLinux
import ZeroMQ

// What the main loop waits for.
extension Worker {
    /// What there is to do after a wait.
    struct Ready {
        var stops = false
        var control = false
        var history = false
        var data = false
    }

    /// Waits until there is something to do.
    func wait() throws -> Ready {
        if let watch, readsRing { return try waitForRing(watch) }
        poller.setEnabled(dataItem, readsData)
        if let historyItem { poller.setEnabled(historyItem, readsHistory) }
        let now = qc_monotonic_ns()
        // Rounded up so that the wait does not end before what is due.
        let milliseconds = Int(clamping: max(0, (nextDue(at: now) - now + 999_999) / 1_000_000))
        try poller.wait(timeoutMilliseconds: milliseconds)
        return Ready(
            stops: poller.isReady(stopItem),
            control: poller.isReady(controlItem),
            history: historyItem.map { poller.isReady($0) } ?? false,
            data: poller.isReady(dataItem)
        )
    }

    /// The same for a futex and what pokes a word of this process. The sockets are looked at only where something has happened to them,
    /// or they were used: to look costs a system call.
    private func waitForRing(_ watch: DescriptorWatch) throws -> Ready {
        while true {
            let pokes = watch.word.value
            let isNews = pokes != seenPokes
            seenPokes = pokes
            // Once for each SIGTERM: the second one ends the wait for the disk.
            var ready = Ready(stops: isNews && qc_eventfd_drain(stopDescriptor) == 1)
            ready.control = control.hasInput(isNews: isNews) || control.hasBacklog
            // Not read now, it must be looked at later, when nothing new need have happened.
            if isNews { (hasHistoryNews, hasSocketNews) = (true, true) }
            if readsHistory, let history {
                ready.history = history.hasInput(isNews: hasHistoryNews)
                hasHistoryNews = false
            }
            if gauges.lane == .shm, data.hasInput(isNews: hasSocketNews) {
                hasSocketNews = false
                try readOffers()
            }
            ready.data = readsData && hasRingData
            let now = qc_monotonic_ns()
            let due = nextDue(at: now)
            if ready.stops || ready.control || ready.history || ready.data || due <= now { return ready }
            if readsData, let ring = rings.first {
                try ring.reader.wait(watch.word, seen: pokes, until: due)
            } else {
                try watch.word.wait(seen: pokes, until: due)
            }
        }
    }

    private var hasRingData: Bool {
        // Behind an old ring comes the next one, or the socket.
        rings.count > 1 || gauges.lane == .zmq || rings.first?.reader.look() != .nothing
    }
}
