import BroadcastRing
import WireProtocol

/// A ring that the worker reads: leaves out what was not asked for by the number of its topic, without a look at name or body.
final class RingLane {
    enum Arrival: Equatable {
        case nothing
        /// A message of the topic with this index; its body is taken.
        case message(Int)
        /// Something for this worker alone; its body is taken.
        case direct
        /// So many bytes were written over before they were read. What comes next is whole.
        case overrun(bytes: UInt64)
        /// It cannot be read any more.
        case damaged
    }

    // How a topic's number stands in ``indices`` where it has no index.
    private static let unknown: Int32 = -1
    private static let unwanted: Int32 = -2
    /// Numbers beyond this are looked up by name each time.
    private static let maxNumbers = 1 << 20

    let reader: RingReader
    private let directName: [UInt8]
    /// The index of the topic with each number of the ring, as far as that is known.
    @exclusivity(unchecked) private var indices: [Int32] = []

    /// - Parameter directName: The name that marks what is for this worker alone.
    init(_ offer: RingOffer, at start: RingReader.Start, directName: [UInt8]) throws(RingError) {
        reader = try RingReader(offer, at: start)
        self.directName = directName
    }

    /// Has topics looked up anew: others are wanted than before.
    func forgetTopics() {
        indices.removeAll(keepingCapacity: true)
    }

    /// Takes what comes next.
    ///
    /// - Parameter topics: What is asked for; without them only what is for this worker alone is taken.
    func next(for topics: StrategyRunner?) -> Arrival {
        while true {
            switch reader.look() {
            case .nothing: return .nothing
            case .damaged: return .damaged
            case .overrun: return resume()
            case .message(let entry):
                guard let found = entry.topic == RingEntry.direct ? direct(entry) : index(of: entry, topics) else {
                    return resume()
                }
                guard found >= 0 else {
                    reader.skip(entry)
                    continue
                }
                guard reader.take(entry) else { return resume() }
                return entry.topic == RingEntry.direct ? .direct : .message(Int(found))
            }
        }
    }

    private func resume() -> Arrival {
        .overrun(bytes: reader.resume())
    }

    /// 0 where it is for this worker; `nil` where it was written over.
    private func direct(_ entry: RingEntry) -> Int32? {
        reader.withName(of: entry) { $0.elementsEqual(directName) ? 0 : Self.unwanted }
    }

    /// The topic's index, or ``unwanted``; `nil` where it was written over.
    private func index(of entry: RingEntry, _ topics: StrategyRunner?) -> Int32? {
        guard let topics else { return Self.unwanted }
        let number = Int(entry.topic)
        if number < indices.count, indices[number] != Self.unknown { return indices[number] }
        let found = reader.withName(of: entry) { name in topics.topics.find(name).map { Int32($0) } ?? Self.unwanted }
        guard let found, number < Self.maxNumbers else { return found }
        while indices.count <= number { indices.append(Self.unknown) }
        indices[number] = found
        return found
    }
}

extension RingOffer {
    /// An offer, as the manager tells it; `nil` for anything else.
    init?(_ value: JSONValue?) {
        guard let path = value?["path"]?.stringValue, let wakePath = value?["wake_path"]?.stringValue,
            let id = value?["id"]?.stringValue
        else { return nil }
        self.init(path: path, wakePath: wakePath, id: id)
    }
}
