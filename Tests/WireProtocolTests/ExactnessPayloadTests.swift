import Testing
import WireProtocol

/// The payloads of `replay`, `history` and `checkpoint`: what goes out comes back, and what is wrong is refused.
@Suite struct ExactnessPayloadTests {
    private let range = ReplayRange(topic: "market.A.kline", from: 3, to: 9)

    @Test func requestsComeBack() throws {
        let replay = ReplayRequest(ranges: [range], limit: 7, format: .json)
        #expect(try ReplayRequest(payload: replay.payload) == replay)
        let history = HistoryRequest(counts: ["market.A.kline": 5], before: ["market.A.kline": 17], format: .binary)
        #expect(try HistoryRequest(payload: history.payload) == history)
        let answer = ReplayAnswer(count: 3, lost: [ReplayLoss(range, reason: "pruned")], more: true)
        #expect(ReplayAnswer(payload: .object(answer.payload)) == answer)
        #expect(range.count == 7)
    }

    @Test func whatIsLeftOutHasADefault() throws {
        let replay = try ReplayRequest(payload: ["ranges": []])
        #expect(replay == ReplayRequest(ranges: [], limit: 2000, format: .binary))
        #expect(try ReplayRequest(payload: ["ranges": [], "limit": 1_000_000]).limit == 2000)
        let history = try HistoryRequest(payload: ["topics": ["a": 1], "before": nil, "format": nil])
        #expect(history == HistoryRequest(counts: ["a": 1]))
        #expect(ReplayAnswer(payload: [:]) == ReplayAnswer(count: 0))
        #expect(
            ReplayAnswer(payload: ["count": -3, "lost": [7, ["topic": "a", "from": 1, "to": 1]]]).lost.count == 1
        )
    }

    @Test(
        arguments: [
            [:], ["ranges": 7], ["ranges": [7]], ["ranges": [["topic": "a", "from": 0, "to": 1]]],
            ["ranges": [["topic": "a", "from": 2, "to": 1]]], ["ranges": [["topic": "a", "from": 1]]],
            ["ranges": [["topic": "a", "from": 1, "to": 1.5]]], ["ranges": [], "limit": 0],
            ["ranges": [], "format": "xml"], ["ranges": [], "format": 1],
        ] as [JSONValue]
    )
    func aWrongReplayIsRefused(_ payload: JSONValue) {
        #expect(throws: ProtocolError.self) { try ReplayRequest(payload: payload) }
    }

    @Test(
        arguments: [
            [:], ["topics": []], ["topics": ["a": -1]], ["topics": ["a": "x"]], ["topics": [:], "before": 7],
            ["topics": [:], "before": ["a": -1]], ["topics": [:], "format": "xml"],
        ] as [JSONValue]
    )
    func aWrongHistoryIsRefused(_ payload: JSONValue) {
        #expect(throws: ProtocolError.self) { try HistoryRequest(payload: payload) }
    }

    @Test func moreRangesThanAWorkerHasTopicsAreRefused() {
        let ranges = [JSONValue](repeating: range.json, count: ReplayRequest.maxRanges + 1)
        #expect(throws: ProtocolError.self) { try ReplayRequest(payload: ["ranges": .array(ranges)]) }
    }

    @Test func aCheckpointComesBack() throws {
        let checkpoint = Checkpoint(
            ordinal: 17,
            positions: ["market.A.kline": 9_007_199_254_740_993],
            state: ["closes": [0.1, -0.0, 1e300], "missing": nil],
            strategy: "SMACross"
        )
        let text = JSONValue.object(checkpoint.payload).text
        #expect(try Checkpoint(payload: JSONValue(parsing: text)) == checkpoint)
    }

    @Test(
        arguments: [
            (["positions": [:], "state": 1], "a checkpoint's 'ordinal' must be a whole number"),
            (["ordinal": 1, "state": 1], "a checkpoint's 'positions' must be an object of topic and sequence"),
            (
                ["ordinal": 1, "positions": ["a": 1.5], "state": 1],
                "a checkpoint's 'positions' must be an object of topic and sequence"
            ),
            (["ordinal": 1, "positions": [:]], "a checkpoint's 'state' is missing"),
        ] as [(JSONValue, String)]
    )
    func aWrongCheckpointIsRefused(_ payload: JSONValue, _ why: String) {
        #expect { try Checkpoint(payload: payload) } throws: { "\($0)" == why }
    }
}
