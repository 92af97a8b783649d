import ZeroMQ

/// The manager's events, of which only the arrival counts.
struct EventSubscription: ~Copyable {
    private let socket: Socket

    /// Subscribes to topics by their beginnings.
    ///
    /// - Throws: ``CommandFailure`` with exit code 69 when there is no manager.
    init(_ location: ManagerLocation, topics: [String]) throws(CommandFailure) {
        socket = try Socket.connected(.sub, to: .events, of: location) { socket throws(ZeroMQError) in
            for topic in topics { try socket.set(.subscribe, topic) }
        }
    }

    /// Waits until an event arrives or the time is up, and takes all that are there.
    func wait(upTo time: TimeSpan) throws(CommandFailure) {
        var frame = Frame()
        do throws(ZeroMQError) {
            try socket.set(.receiveTimeout, time.milliseconds)
            var isThere = try socket.receive(into: &frame, wait: true)
            while isThere {
                try socket.discardRest(after: &frame)
                isThere = try socket.receive(into: &frame)
            }
        } catch {
            throw CommandFailure(error)
        }
    }
}
