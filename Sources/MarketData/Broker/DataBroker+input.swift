internal import Logging
internal import WireProtocol
internal import ZeroMQ

// Taking data in, and waiting for the record where it is behind.
extension DataBroker {
    func watchInputs() {
        guard let sockets, inputs.isEmpty else { return }
        // Closures that hold nothing: one that does would be made anew for each turn, which may be each message.
        inputs = [
            loop.watch(sockets.feed) { [unowned self] in assumeIsolated { $0.readFeed() } },
            loop.watch(sockets.publish) { [unowned self] in assumeIsolated { $0.readPublish() } },
        ]
    }

    func unwatchInputs() {
        for watch in inputs { loop.unwatch(watch) }
        inputs = []
    }

    private func readFeed() {
        guard let sockets else { return }
        do throws(ZeroMQError) { try intake.readFeed(sockets) } catch { cannotRead("feed", error) }
        pauseIfBlocked()
    }

    private func readPublish() {
        guard let sockets else { return }
        do throws(ZeroMQError) { try intake.readPublish(sockets) } catch { cannotRead("publish", error) }
        pauseIfBlocked()
    }

    private func cannotRead(_ name: String, _ error: ZeroMQError) {
        logger.error("'\(name)' cannot be read: \(error)")
    }

    /// Offers an event of a feed of the manager's own.
    ///
    /// - Returns: `false` when it was not taken: the feed is to offer it again when it is told to go on.
    func take(_ event: MarketEvent, topic: Topic) -> Bool {
        guard !isPaused, let sockets else { return false }
        intake.take(event, topic: topic, sockets)
        pauseIfBlocked()
        return true
    }

    /// What was handed to the record is on disk.
    func recorded(_ numbers: [String: UInt64]) {
        intake.publishers.recorded(numbers)
        guard let sockets else { return }
        do {
            try intake.tellPublishers(sockets)
        } catch {
            logger.error("publishers cannot be told: \(error)")
        }
    }

    // MARK: While the disk is behind

    /// Takes nothing more where the record has no room: the sockets are not read, so that their publishers have to wait.
    func pauseIfBlocked() {
        guard intake.isBlocked, !isPaused else { return }
        isPaused = true
        intake.counts.blocks += 1
        unwatchInputs()
        logger.warning("the record has no room: publishers have to wait for the disk")
    }

    /// There may be room again.
    func resume() {
        guard isPaused, let sockets, intake.release(sockets) else { return }
        logger.notice("the record has room again")
        watchInputs()
        // Its publisher may be told of the message that has waited.
        recorded([:])
        goOn()
    }

    /// Lets everybody in this process go on who waits.
    func goOn() {
        isPaused = false
        for feed in feeds { feed.resume() }
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume() }
    }

    func waitForRoom() async {
        await withCheckedContinuation { waiters.append($0) }
    }
}
