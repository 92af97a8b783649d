import BroadcastRing
import StrategyKit
import WireProtocol
import ZeroMQ

/// A way of market data to the worker.
enum DataLane: String {
    /// A ring in shared memory.
    case shm
    /// The data socket.
    case zmq
}

// By which way market data comes. The strategy cannot tell.
extension Worker {
    /// What the manager's `welcome` offers; taken when a strategy starts.
    func takeOffer(_ value: JSONValue?) {
        offer = RingOffer(value)
        isRingRequired = value?["required"]?.boolValue ?? false
    }

    /// Begins to read the ring that is offered, before the strategy's topics are joined; or stays with the data socket.
    ///
    /// - Throws: ``WorkerFailure`` where the ring is required and cannot be had.
    func chooseLane() throws {
        guard let offer else { return }
        do {
            try joinRing(offer, at: .newest)
        } catch {
            guard !isRingRequired else {
                throw WorkerFailure("no shared memory for market data, which 'data_lane: shm' asks for: \(error)")
            }
            log(.info, "market data comes over ZeroMQ: \(error)")
        }
    }

    private func joinRing(_ offer: RingOffer, at start: RingReader.Start) throws {
        let ring = try RingLane(offer, at: start, directName: syncTopic)
        if watch == nil {
            var descriptors = [stopDescriptor, control.descriptor, data.descriptor]
            if let history { descriptors.append(history.descriptor) }
            watch = try DescriptorWatch(descriptors)
            // A later manager's broker says by this where its own ring is, as soon as the socket has found it.
            try data.set(.subscribe, ringTopic)
        }
        rings.append(ring)
        gauges.lane = .shm
    }

    /// Whether data comes, or still comes, by a ring.
    var readsRing: Bool { !rings.isEmpty }

    /// Takes what the broker says on the data socket to a worker that reads a ring.
    func readOffers() throws(ZeroMQError) {
        while gauges.lane == .shm, try receiveFrames() {
            guard topicFrame.withBytes({ $0.elementsEqual(ringTopic) }) else { continue }
            guard let message = bodyFrame.withBytes({ try? Message(parsing: $0) }) else { continue }
            change(to: RingOffer(message.payload["ring"]))
        }
    }

    /// The broker is another one than before, where it offers another ring, or none: goes on there, behind what is left here.
    private func change(to offer: RingOffer?) {
        guard let current = rings.last, offer != current.reader.offer else { return }
        guard let offer else { return leaveRing("the manager has none any more") }
        do {
            // From its beginning: what was published since the broker came is all there.
            try joinRing(offer, at: .oldest)
            // What is further back than that is found by the sequences.
            if rings.count > Self.maxRings { rings.removeFirst() }
            wantsLook = true
        } catch {
            leaveRing("\(error)")
        }
    }

    /// The ring of a manager that died, and that of its successor.
    private static let maxRings = 2

    /// Goes on with the data socket, behind what is left in the ring. What is missed by that is found by the marker.
    func leaveRing(_ reason: String) {
        guard gauges.lane == .shm else { return }
        log(.warning, "market data comes over ZeroMQ from now on: \(reason)")
        gauges.lane = .zmq
        do {
            try data.set(.unsubscribe, ringTopic)
            for topic in runner?.topics.subscribed ?? [] { try data.set(.subscribe, topic.description) }
            try data.set(.subscribe, syncTopic)
            if case .joining(let start, _) = phase { return try askForMarker(start: start) }
        } catch {
            log(.error, "cannot subscribe: \(error)")
        }
        wantsLook = true
    }

    /// A reader that was too slow: what it has missed the marker will tell.
    func overrun(_ bytes: UInt64) throws(ZeroMQError) {
        gauges.count(.overruns)
        if case .joining(let start, _) = phase { return try askForMarker(start: start) }
        runner?.complain("fell behind: \(bytes) bytes of market data were written over before they were read")
        wantsLook = true
    }

    /// Asks where the topics stand, where something may have been missed, once nothing else is being recovered.
    func lookWhereWanted() {
        guard wantsLook, recovery == nil else { return }
        switch phase {
        case .running, .paused:
            wantsLook = false
            lookForLoss()
        default: break
        }
    }
}
