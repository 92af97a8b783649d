/// A way to hand messages to a manager.
protocol MessagePublisher: ~Copyable {
    /// Connects, where that has not happened, and says what the manager has of this publisher already.
    mutating func begin() throws(CommandFailure) -> PublisherStart

    /// Hands over one message; waits while the manager is behind.
    ///
    /// - Returns: `false` when the user has asked to stop and the message was not taken.
    /// - Throws: ``CommandFailure`` with exit code 75 when the manager takes nothing for the whole time-out.
    mutating func send(topic: [UInt8], body: [UInt8], line: Int) throws(CommandFailure) -> Bool

    /// Looks after the connection while there is nothing to send.
    mutating func turn() throws(CommandFailure)

    /// The messages that were refused since the last call, with the line that each comes from.
    mutating func takeRefusals() -> [PublisherRefusal]

    /// Waits until everything is as safe as it gets, and hangs up.
    ///
    /// - Throws: ``CommandFailure`` with exit code 75 when that takes too long.
    consuming func finish() throws(CommandFailure) -> PublisherOutcome
}

/// A message that the manager did not take.
struct PublisherRefusal: Hashable {
    /// Where it comes from.
    let line: Int
    let reason: String
}

/// Where a publisher goes on.
struct PublisherStart: Hashable {
    /// The number up to which the manager has the messages; they need not be sent.
    var accepted: UInt64 = 0
    /// The number up to which they are on disk; what follows must be given to the publisher again.
    var recorded: UInt64 = 0
}

/// What became of the messages.
struct PublisherOutcome: Hashable {
    /// What the manager has promised about them.
    enum Safety: String {
        /// They are on disk.
        case recorded
        /// The manager has them all, and does not record some of them.
        case accepted
        /// They have been handed over; nothing is known.
        case sent
    }

    let safety: Safety
    /// Messages that the manager did not take.
    var refused = 0
    /// Those of them that ``MessagePublisher/takeRefusals()`` has not told.
    var refusals: [PublisherRefusal] = []
    /// Messages that were handed over and of which the manager has not said anything; the user did not want to wait.
    var unacknowledged = 0
}
