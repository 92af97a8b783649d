import CLinux
import StrategyKit
import WireProtocol
import ZeroMQ

// Market data from the data socket.
extension Worker {
    /// Handles what is there, but no longer than a moment: commands and timers must not wait behind a flood of data.
    func readData() throws {
        if case .running = phase, runner?.delivery == .conflate { return try readLatest() }
        var moment = Moment()
        repeat {
            guard readsData, try receiveMessage() else { return }
            handleMessage()
        } while goesOn(&moment)
    }

    /// Whether a batch of messages may go on.
    func goesOn(_ moment: inout Moment) -> Bool {
        moment.goesOn(at: runner?.lastEntry) && !StopRequest.isRaised && !isAbandoned
    }

    /// Takes the next message into the frames; `false` when there is none.
    private func receiveMessage() throws(ZeroMQError) -> Bool {
        while try data.receive(into: &topicFrame) {
            guard topicFrame.hasMore, try data.receive(into: &bodyFrame, wait: true) else {
                gauges.count(.unreadable)
                continue
            }
            try data.discardRest(after: &bodyFrame)
            return true
        }
        return false
    }

    private func handleMessage() {
        topicFrame.withBytes { topic in
            bodyFrame.withBytes { body in
                if case .joining(let start, let syncID) = phase {
                    // What comes before the marker was published before the worker had joined.
                    if topic.elementsEqual(syncTopic) { join(body, start: start, syncID: syncID) }
                } else {
                    handle(topic, body)
                }
            }
        }
    }

    private func handle(_ topic: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) {
        guard let runner else { return }
        if topic.elementsEqual(syncTopic) { return takeMarker(body) }
        if let hole = runner.handle(topic: topic, body: body) {
            hasMessageInHand = true
            recover(Recovery(.gap, upTo: [hole.index: hole.to]))
        } else if runner.checkpointer?.isFull == true {
            saveIfDue()
        }
    }

    /// Handles the message that has waited for what was missing before it.
    func handleMessageInHand() {
        guard hasMessageInHand else { return }
        hasMessageInHand = false
        handleMessage()
    }

    /// Takes all that is there, and handles the latest message of each topic.
    private func readLatest() throws {
        guard let runner else { return }
        var moment = Moment()
        while moment.goesOn(at: nil), try receiveMessage() {
            if let index = topicFrame.withBytes({ runner.find($0) }) { latest.put(&bodyFrame, at: index) }
        }
        while !StopRequest.isRaised, !isAbandoned, case .running = phase, let index = latest.next() {
            let topic = Array(runner.topics[index].bytes)
            topic.withUnsafeBytes { topic in
                latest.withBody(at: index) { _ = runner.handle(topic: topic, body: $0) }
            }
        }
        latest.removeAll()
        saveIfDue()
    }
}
