import ManagerCore

/// What is measured.
struct Scene {
    /// How a bar is written.
    enum Body: String {
        case binary
        case json
        /// In one frame, without the topic before it.
        case envelope
    }

    let lane: Settings.DataLane
    let isRecorded: Bool
    let body: Body

    /// Every way that a message can take.
    static let all = [Settings.DataLane.shm, .zmq].flatMap { lane in
        [false, true].flatMap { isRecorded in
            [Body.binary, .json, .envelope].map { Scene(lane: lane, isRecorded: isRecorded, body: $0) }
        }
    }

    /// Messages of a round.
    static let messages = 10_000
    /// Rounds that make what is made once, such as tables that have to grow.
    static let warmUps = 3
    /// What happens once in a while, such as a heartbeat, falls into some rounds. What a message costs is in all of them.
    static let rounds = 20

    /// By which ways the broker sends. There is always a subscriber that is no worker of the manager's.
    var lanes: String { lane == .zmq ? "PUB" : "ring and PUB" }

    /// By which way the worker's data comes.
    var workersLane: String { lane == .zmq ? "SUB" : "ring" }

    /// Whether it is said that a worker allocates nothing for such a message.
    var isWorkerJudged: Bool { body == .binary }
}
