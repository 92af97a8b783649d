internal import ZeroMQ

/// A broker's sockets, open between its start and its stop.
final class BrokerSockets {
    /// PULL: publishers that only push.
    let feed: Socket
    /// ROUTER: publishers that want to know what is on disk.
    let publish: Socket
    /// XPUB: subscribers.
    let data: Socket

    init(
        _ context: Context,
        _ configuration: BrokerConfiguration,
        guardedBy socketGuard: SocketGuard?
    ) throws(ZeroMQError) {
        feed = try Socket(context, .pull)
        publish = try Socket(context, .router)
        data = try Socket(context, .xpub)
        let highWaterMark = Int32(clamping: configuration.highWaterMark)
        try feed.set(.receiveHighWaterMark, highWaterMark)
        // A body that is a little too large is refused with a reason; a peer that sends a huge one is cut off by libzmq.
        try feed.set(.maxMessageSize, Int64(max(configuration.maxMessageBytes, 1 << 20)) * 16)
        try publish.set(.receiveHighWaterMark, highWaterMark)
        try publish.set(.maxMessageSize, Int64(max(configuration.maxMessageBytes, 1 << 20)) * 16)
        // Answers are small, and one for each message at most.
        try publish.set(.sendHighWaterMark, 10_000)
        try publish.set(.routerHandover, 1)
        try data.set(.sendHighWaterMark, highWaterMark)
        try data.set(.reportEverySubscription, 1)
        try data.set(.maxMessageSize, 4096)
        try feed.bind(configuration.feedAddresses, domain: "feed", guardedBy: socketGuard)
        try publish.bind(configuration.publishAddresses, domain: "publish", guardedBy: socketGuard)
        try data.bind(configuration.dataAddresses, domain: "data", guardedBy: socketGuard)
    }
}
