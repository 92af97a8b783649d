import Glibc
import Testing
import WireProtocol

@testable import quantcell

@Suite struct ReplayMarkTests {
    private let runtime: TemporaryRuntime
    private let file: TemporaryFile
    private let topic: Topic

    init() throws {
        runtime = try TemporaryRuntime()
        file = try TemporaryFile("timestamp,price\n1640991600,1\n")
        topic = try Topic(symbol: "A", dataType: "tick")
    }

    private func source(range: Range<Int64> = 0..<10, columns: String? = nil) throws -> ReplaySource {
        try ReplaySource(path: file.path, topic: topic, range: range, columns: columns)
    }

    private func publisher(restarts: Bool = false, completes: Bool = false) throws -> (id: String, isResumed: Bool) {
        let mark = try ReplayMark.open(in: "\(runtime.path)/replays", for: source(), restarts: restarts)
        let result = (mark.publisher, mark.resumedFrom != nil)
        if completes { mark.complete() }
        return result
    }

    @Test func anUnfinishedReplayGoesOnAndACompletedOneBeginsAnew() throws {
        let first = try publisher()
        #expect(!first.isResumed)
        #expect(first.id.utf8.count <= 64)
        #expect(first.id.hasPrefix("replay-"))
        let second = try publisher(completes: true)
        #expect(second.isResumed)
        #expect(second.id == first.id)
        let third = try publisher()
        #expect(!third.isResumed)
        #expect(third.id != first.id)
        let restarted = try publisher(restarts: true)
        #expect(!restarted.isResumed)
        #expect(restarted.id != third.id)
        #expect(try publisher(completes: true).id == restarted.id)
    }

    @Test func whatIsTornIsBegunAnew() throws {
        _ = try publisher()
        let key = try source().key
        let descriptor = open("\(runtime.path)/replays/replay-\(key).json", O_WRONLY | O_TRUNC)
        close(descriptor)
        #expect(try !publisher(completes: true).isResumed)
    }

    @Test func whatIsOldIsForgotten() throws {
        let first = try publisher()
        let path = "\(runtime.path)/replays/replay-\(try source().key).json"
        var times = [timeval(tv_sec: 1_600_000_000, tv_usec: 0), timeval(tv_sec: 1_600_000_000, tv_usec: 0)]
        try #require(utimes(path, &times) == 0)
        let second = try publisher(completes: true)
        #expect(!second.isResumed)
        #expect(second.id != first.id)
    }

    @Test func whatMakesAReplayTheSame() throws {
        let key = try source().key
        #expect(key.utf8.count == 16)
        #expect(try source().key == key)
        #expect(try source(range: 0..<11).key != key)
        #expect(try source(columns: "a,b").key != key)
        try file.append("1640991660,2\n")
        #expect(try source().key != key)
        #expect(throws: CommandFailure.self) {
            try ReplaySource(path: "/no/such/file", topic: topic, range: 0..<1, columns: nil)
        }
    }

    @Test func aFolderThatCannotBeMadeSaysSo() throws {
        let failure = #expect(throws: CommandFailure.self) {
            _ = try ReplayMark.open(in: "\(file.path)/no", for: source(), restarts: false).publisher
        }
        #expect(failure?.status == 73)
    }
}
