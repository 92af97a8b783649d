internal import WireProtocol

extension DataBroker {
    /// Where a topic has got to.
    package struct Last: Hashable, Sendable {
        /// The sequence of its last message; 0 where there has been none.
        package let sequence: UInt64
        /// When that was taken, nanoseconds since the Unix epoch; 0 where it was taken by an earlier manager.
        package let receiveTime: Int64

        package init(sequence: UInt64, receiveTime: Int64) {
            self.sequence = sequence
            self.receiveTime = receiveTime
        }
    }

    /// Where some topics have got to.
    package func lasts(of names: [String]) -> [Last] {
        names.map { name in
            let index = Array(name.utf8).withUnsafeBytes { intake.topics.find($0) }
            guard let index else { return Last(sequence: 0, receiveTime: 0) }
            return Last(sequence: intake.topics.sequence(index), receiveTime: intake.topics[index].lastReceiveTime)
        }
    }
}
