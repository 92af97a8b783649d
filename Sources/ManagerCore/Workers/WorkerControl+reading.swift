internal import EventJournal
internal import Logging
internal import MarketData
internal import MarketRecord
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What is read on other threads, for the loop and for others.
extension WorkerControl {
    /// How many readings of the journal may be under way at once.
    private static let maxQueries = 16

    /// Does something on the data loop.
    func loopOfBroker(_ work: @escaping @Sendable (isolated DataBroker) -> Void) {
        let broker = broker
        broker.loop.execute { broker.assumeIsolated { work($0) } }
    }

    /// Gets the broker's counters.
    func readCounters(_ done: @escaping (BrokerCounters) -> Void) {
        let crossing = Crossing(done)
        loopOfBroker { [loop] broker in
            let counters = broker.counters()
            loop.execute { crossing.value(counters) }
        }
    }

    /// Gets the sum of some topics' sequences, for each worker.
    func readTotals(of topics: [String: [String]], _ done: @escaping ([String: UInt64]) -> Void) {
        let crossing = Crossing(done)
        let asked = SuspendingClock().now
        loopOfBroker { [loop, metrics] broker in
            metrics.late(.data, SuspendingClock().now - asked)
            let totals = topics.mapValues { broker.total(of: $0) }
            loop.execute { crossing.value(totals) }
        }
    }

    /// Gets where some topics have got to.
    func readLasts(of topics: [String], _ done: @escaping ([String: DataBroker.Last]) -> Void) {
        let crossing = Crossing(done)
        loopOfBroker { [loop] broker in
            let lasts = Dictionary(zip(topics, broker.lasts(of: topics))) { $1 }
            loop.execute { crossing.value(lasts) }
        }
    }

    /// Reads the journal on another thread: a large answer must not hold up the loop.
    func readJournal(
        _ reply: Reply,
        _ read: @escaping @Sendable (EventJournal) throws -> [String: JSONValue]
    ) {
        guard queries < Self.maxQueries else {
            return reply.refused(
                ManagerError(.serviceUnavailable, "too many questions to the journal at once; ask again")
            )
        }
        queries += 1
        let crossing = Crossing(reply)
        let control = Crossing(self)
        Task.detached { [journal, loop] in
            let result = Result { try read(journal) }
                .mapError { ManagerError(.internalError, "the journal cannot be read: \($0)") }
            loop.execute {
                control.value.queries -= 1
                crossing.value.finish(result)
            }
        }
    }
}
