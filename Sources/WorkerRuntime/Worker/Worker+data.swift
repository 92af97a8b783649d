import BroadcastRing
import CLinux
import StrategyKit
import WireProtocol
import ZeroMQ

/// Where a message stands between its being taken and its being handled.
enum MessageInHand {
    /// In the two frames.
    case frames
    /// In the buffer of a ring; of the topic with this index.
    case ring(RingLane, Int)
    /// In the buffer of a ring; for this worker alone.
    case direct(RingLane)
}

// Market data from the data socket, or from a ring.
extension Worker {
    /// Handles what is there, but no longer than a moment: commands and timers must not wait behind a flood of data.
    func readData() throws {
        if case .running = phase, let runner {
            if runner.delivery == .conflate { return try readLatest() }
            if let ring = rings.first, recovery == nil { return try readRing(ring, runner) }
        }
        var moment = Moment()
        repeat {
            guard readsData, try receiveMessage() else { return }
            handleMessage()
        } while goesOn(&moment)
    }

    /// The same for a strategy that runs on a ring: only what is no plain message of its topics needs a closer look.
    private func readRing(_ ring: RingLane, _ runner: StrategyRunner) throws {
        var moment = Moment()
        repeat {
            let arrival = ring.next(for: runner)
            guard case .message(let index) = arrival else {
                if try take(arrival, from: ring) == true { handleMessage() }
                // There may be another ring now, or a recovery.
                return
            }
            if let hole = ring.reader.withBody({ runner.handle(at: index, body: $0) }) {
                messageInHand = .ring(ring, index)
                return handled(by: runner, hole)
            }
            if runner.checkpointer?.isFull == true { saveIfDue() }
        } while goesOn(&moment)
    }

    /// Whether a batch of messages may go on.
    func goesOn(_ moment: inout Moment, givingWay: Bool = false) -> Bool {
        moment.goesOn(at: runner?.lastEntry, givingWay: givingWay) && !StopRequest.isRaised && !isAbandoned
    }

    /// Takes the next message; `false` when there is none.
    private func receiveMessage() throws(ZeroMQError) -> Bool {
        while let ring = rings.first {
            if let isThere = try take(ring.next(for: isJoining ? nil : runner), from: ring) { return isThere }
        }
        messageInHand = .frames
        return try receiveFrames()
    }

    /// Deals with what a ring has.
    ///
    /// - Returns: Whether there is a message in hand; `nil` where more has to be looked at to know.
    private func take(_ arrival: RingLane.Arrival, from ring: RingLane) throws(ZeroMQError) -> Bool? {
        switch arrival {
        case .message(let index):
            messageInHand = .ring(ring, index)
            return true
        case .direct:
            messageInHand = .direct(ring)
            return true
        case .nothing:
            // Nobody writes any more into a ring that another one, or the socket, has taken the place of.
            guard rings.count > 1 || gauges.lane == .zmq else { return false }
            rings.removeFirst()
        case .overrun(let bytes):
            try overrun(bytes)
        case .damaged:
            if rings.count == 1 { leaveRing("the ring is damaged") }
            rings.removeFirst()
            wantsLook = true
        }
        return nil
    }

    private var isJoining: Bool {
        if case .joining = phase { true } else { false }
    }

    /// Takes the next message of the data socket into the frames; `false` when there is none.
    func receiveFrames() throws(ZeroMQError) -> Bool {
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
        switch messageInHand {
        case .ring(let ring, let index):
            guard let runner else { return }
            handled(by: runner, ring.reader.withBody { runner.handle(at: index, body: $0) })
        case .direct(let ring): ring.reader.withBody(handleMarker)
        case .frames:
            topicFrame.withBytes { topic in
                bodyFrame.withBytes { body in
                    if topic.elementsEqual(syncTopic) { return handleMarker(body) }
                    // What comes before the marker was published before the worker had joined.
                    guard !isJoining, let runner else { return }
                    handled(by: runner, runner.handle(topic: topic, body: body))
                }
            }
        }
    }

    private func handleMarker(_ body: UnsafeRawBufferPointer) {
        if case .joining(let start, let syncID) = phase {
            join(body, start: start, syncID: syncID)
        } else {
            takeMarker(body)
        }
    }

    private func handled(by runner: StrategyRunner, _ hole: StrategyRunner.Hole?) {
        if let hole {
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
            switch messageInHand {
            case .ring(let ring, let index): ring.reader.withBody { latest.put($0, at: index) }
            case .direct(let ring): ring.reader.withBody(handleMarker)
            case .frames:
                if topicFrame.withBytes({ $0.elementsEqual(syncTopic) }) {
                    bodyFrame.withBytes(handleMarker)
                } else if let index = topicFrame.withBytes({ runner.find($0) }) {
                    bodyFrame.withBytes { latest.put($0, at: index) }
                }
            }
        }
        while !StopRequest.isRaised, !isAbandoned, case .running = phase, let index = latest.next() {
            latest.withBody(at: index) { _ = runner.handle(at: index, body: $0) }
        }
        latest.removeAll()
        saveIfDue()
    }
}
