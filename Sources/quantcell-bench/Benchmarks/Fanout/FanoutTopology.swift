/// One publisher's way to many subscribers.
struct FanoutTopology {
    let feed: String
    /// Where the subscribers write their results.
    let results: [String]
    /// The process between feed and subscribers.
    let broker: Int32
    let subscribers: [Int32]

    /// The CPU time of all that the broker, and all that the subscribers have used.
    func cpuTimes() throws -> (broker: Int64, subscribers: Int64) {
        (try Clock.cpuTime(of: broker), try subscribers.reduce(0) { try $0 + Clock.cpuTime(of: $1) })
    }
}
