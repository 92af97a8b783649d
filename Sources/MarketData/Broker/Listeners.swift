internal import WireProtocol

/// Subscribers inside this process.
struct Listeners {
    private struct Listener {
        let topics: Set<Topic>
        let continuation: AsyncStream<(topic: Topic, event: MarketEvent)>.Continuation
    }

    private var listeners: [Listener] = []

    var isEmpty: Bool { listeners.isEmpty }

    /// Adds a listener and returns its stream.
    mutating func add(_ topics: Set<Topic>, bufferSize: Int) -> AsyncStream<(topic: Topic, event: MarketEvent)> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: (topic: Topic, event: MarketEvent).self,
            bufferingPolicy: .bufferingNewest(max(bufferSize, 1))
        )
        listeners.append(Listener(topics: topics, continuation: continuation))
        return stream
    }

    /// Gives an event to whoever wants its topic, and forgets those who have gone.
    mutating func deliver(_ event: MarketEvent, topic: Topic) {
        listeners.removeAll { listener in
            guard listener.topics.contains(topic) else { return false }
            if case .terminated = listener.continuation.yield((topic, event)) { return true }
            return false
        }
    }

    /// Ends all streams.
    mutating func finish() {
        for listener in listeners { listener.continuation.finish() }
        listeners.removeAll()
    }
}
