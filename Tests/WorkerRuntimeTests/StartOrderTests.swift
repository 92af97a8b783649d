import Testing
import WireProtocol

@testable import WorkerRuntime

/// What a `start` may say about exactness, and what it may not.
struct StartOrderTests {
    private func order(_ more: [String: JSONValue]) throws -> StartOrder {
        let payload = more.merging(["strategy_path": "/x.so"]) { $1 }
        return try StartOrder(Message(.start, workerID: "w", payload: .object(payload), generation: 3))
    }

    @Test func everythingHasADefault() throws {
        let order = try order(["checkpoint": nil, "sandbox": nil])
        #expect(order.delivery == .lossless && order.warmUp == 0)
        #expect(order.policy == Checkpointer.Policy(messages: 1000, interval: 5_000_000_000))
        #expect(order.checkpoint == nil && order.sandbox == nil)
    }

    @Test func isReadWhole() throws {
        let order = try order([
            "delivery": "conflate", "warmup": 20, "checkpoint_policy": ["messages": 7, "interval": 0.5],
            "checkpoint": ["ordinal": 3, "positions": ["market.A.kline": 4], "state": [1], "generation": 2],
            "sandbox": ["worker_id": "x", "ranges": [["topic": "market.A.kline", "from": 1, "to": 2]]],
        ])
        #expect(order.delivery == .conflate && order.warmUp == 20)
        #expect(order.policy == Checkpointer.Policy(messages: 7, interval: 500_000_000))
        #expect(order.checkpoint?.positions == ["market.A.kline": 4] && order.checkpoint?.ordinal == 3)
        #expect(order.sandbox?.workerID == "x")
        #expect(order.sandbox?.ranges == [ReplayRange(topic: "market.A.kline", from: 1, to: 2)])
    }

    @Test func aPolicyOutOfRangeIsCut() throws {
        let policy = try order(["checkpoint_policy": ["messages": 0, "interval": -1]]).policy
        #expect(policy == Checkpointer.Policy(messages: 1, interval: 10_000_000))
    }

    @Test(
        arguments: [
            (["delivery": "sometimes"], "'delivery' must be lossless, conflate or drop"),
            (["warmup": -1], "'warmup' must be 0 to 1000000"), (["warmup": 1_000_001], "'warmup' must be 0 to 1000000"),
            (["warmup": "all"], "'warmup' must be 0 to 1000000"),
            (["checkpoint": ["ordinal": 1]], "a checkpoint's 'positions' must be an object of topic and sequence"),
            (["sandbox": ["worker_id": "x"]], "'ranges' must be a list of at most 10000"),
        ] as [([String: JSONValue], String)]
    )
    func whatIsWrongIsNamed(_ more: [String: JSONValue], _ why: String) {
        #expect(throws: WorkerFailure(why)) { try order(more) }
    }
}
