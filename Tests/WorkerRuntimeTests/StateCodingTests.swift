import Foundation
import StrategyKit
import Testing
import WireProtocol

@testable import WorkerRuntime

/// A state comes back from its checkpoint bit by bit, through the text that is on disk.
struct StateCodingTests {
    private func comeBack<State: Codable>(_ state: State) throws -> State {
        let encoded = EncodedState()
        try encoded.write(state)
        return try SavedState(json: JSONValue(parsing: encoded.json.text)).read(State.self)
    }

    @Test func doublesAreExact() throws {
        var random = SeededGenerator(3)
        let edges: [Double] = [
            0, -0.0, 0.1, 1e300, -1e-300, .greatestFiniteMagnitude, .leastNormalMagnitude, .leastNonzeroMagnitude,
            9_007_199_254_740_992,
            1 / 3, 5, .infinity, -.infinity,
        ]
        let doubles = edges + (0..<20_000).map { _ in Double(bitPattern: random.next()) }.filter { !$0.isNaN }
        #expect(try comeBack(doubles).map(\.bitPattern) == doubles.map(\.bitPattern))
        #expect(try comeBack([Double.nan]).first?.isNaN == true)
        let floats: [Float] = [0.1, -.infinity, .leastNonzeroMagnitude, 16_777_215]
        #expect(try comeBack(floats) == floats)
    }

    @Test func integersAreExact() throws {
        #expect(try comeBack([Int64.min, .max, 0, -1]) == [.min, .max, 0, -1])
        let unsigned: [UInt64] = [.max, 9_223_372_036_854_775_808, 9_223_372_036_854_775_807, 0]
        #expect(try comeBack(unsigned) == unsigned)
        #expect(try comeBack([Int8.min, .max]) == [.min, .max])
    }

    private struct Everything: Codable, Equatable {
        enum Side: String, Codable { case long, short }
        enum Order: Codable, Equatable {
            case none
            case limit(price: Double, quantity: Int)
        }
        struct Inner: Codable, Equatable { var values: [Double?] = [1, nil, .infinity] }

        var text = "\"quoted\" \\ \u{1F680} \n\0 ü"
        var flag = true
        var missing: Int?
        var side = Side.short
        var order = Order.limit(price: 1.5, quantity: 3)
        var orders: [Order] = [.none, .limit(price: -0.0, quantity: .max)]
        var byName: [String: Inner] = ["a": Inner(), "": Inner(values: [])]
        var byNumber: [Int: [String]] = [-4: [], 7: ["x"]]
        var bySide: [Side: Double] = [.long: 0.1]
        var pairs: [[UInt64: Bool]] = [[:], [.max: true]]
        var set: Set<Int> = [3, 1, 2]
        var nested = [[[1.5], []], []]
    }

    @Test func everyShapeComesBack() throws {
        let state = Everything()
        #expect(try comeBack(state) == state)
    }

    @Test func equalStatesGiveEqualBytes() throws {
        func text() throws -> String {
            let encoded = EncodedState()
            let names = (0..<100).map { "k\($0)" }.shuffled()
            try encoded.write(Dictionary(uniqueKeysWithValues: names.map { ($0, [1.5]) }))
            return encoded.json.text
        }
        #expect(try text() == text())
    }

    private final class Deep: Codable {
        var next: Deep?
        init(_ depth: Int) { next = depth > 1 ? Deep(depth - 1) : nil }
    }

    @Test func whatNestsTooDeeplyIsRefused() throws {
        #expect(try comeBack(Deep(EncodedState.maxDepth)).next != nil)
        #expect(throws: WorkerFailure("the state nests deeper than 56 levels")) {
            try EncodedState().write(Deep(EncodedState.maxDepth + 1))
        }
    }

    @Test func aListOfManyIsEncodedInTimeThatGrowsWithIt() throws {
        // With a copy of the list for every element this would take minutes.
        let encoded = EncodedState()
        try encoded.write((0..<300_000).map(Double.init))
        #expect(encoded.json.arrayValue?.count == 300_000)
    }

    private struct Old: Codable { var count = 1 }
    private struct New: Codable { var count = "one" }
    private struct Newer: Codable { var total = 1 }
    private struct Grown: Codable { var count: Int, note: String?, more: [Double]? }

    @Test func newMembersThatAreOptionalFitAnOldState() throws {
        let grown = try SavedState(json: ["count": 4, "gone": [1]]).read(Grown.self)
        #expect(grown.count == 4 && grown.note == nil && grown.more == nil)
    }

    private struct Outer<Inner: Codable>: Codable { var markets: [String: [Inner]] }

    @Test func aStateThatDoesNotFitSaysWhere() throws {
        let encoded = EncodedState()
        try encoded.write(Outer(markets: ["BTC": [Old()]]))
        let saved = SavedState(json: encoded.json)
        #expect(throws: WorkerFailure("'markets.BTC.0.count' must be text, not 1")) { try saved.read(Outer<New>.self) }
        #expect(throws: WorkerFailure("'markets.BTC.0.total' is missing")) { try saved.read(Outer<Newer>.self) }
        #expect(throws: WorkerFailure("it must be a list, not {\"markets\":{\"BTC\":[{\"count\":1}]}}")) {
            try saved.read([Int].self)
        }
    }
}
