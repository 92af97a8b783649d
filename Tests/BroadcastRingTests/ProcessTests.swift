import Foundation
import Glibc
import Synchronization
import Testing

@testable import BroadcastRing

/// One writer that never waits, and readers in processes of their own.
@Suite(.timeLimit(.minutes(2)))
struct ProcessTests {
    /// A thread that writes numbered messages of all lengths, from 1, as fast as it can, until it is told to stop.
    private final class Stream: Sendable {
        let offer: RingOffer
        private let isStopping = Atomic(false)
        private let rounds: Atomic<UInt64> = Atomic(0)

        /// How often it has been around.
        var laps: UInt64 { rounds.load(ordering: .relaxed) }

        init() throws {
            let writer = Alone(try RingWriter(bytes: 64 << 10))
            offer = writer.value.offer
            Thread { [self] in
                var number: UInt64 = 0
                while !isStopping.load(ordering: .relaxed) {
                    number += 1
                    writer.value.write(number, count: 8 + Int(number % 200))
                    writer.value.wake()
                    rounds.store(writer.value.written >> 16, ordering: .relaxed)
                }
            }.start()
        }

        func stop() { isStopping.store(true, ordering: .relaxed) }
    }

    /// Reads so many messages. Each must be whole, and the one behind the last, but after an overrun.
    private static func read(_ offer: RingOffer, _ count: Int) throws -> Int {
        let reader = try RingReader(offer, at: .newest)
        let own = WakeWord()
        var (left, overruns) = (count, 0)
        var last: UInt64?
        func overrun() {
            #expect(reader.resume() > 0)
            overruns += 1
            last = nil
        }
        while left > 0 {
            switch reader.look() {
            case .nothing: try reader.wait(own, seen: own.value, until: .max)
            case .damaged: throw RingError("damaged")
            case .overrun: overrun()
            case .message(let entry):
                guard reader.take(entry) else {
                    overrun()
                    continue
                }
                let number = try #require(reader.withBody(Numbered.number), "a torn message")
                if let last { try #require(number == last + 1) }
                last = number
                left -= 1
            }
        }
        return overruns
    }

    @Test func nothingIsTornOrOutOfOrder() async throws {
        let stream = try Stream()
        defer { stream.stop() }
        let (path, wake, id) = (stream.offer.path, stream.offer.wakePath, stream.offer.id)
        async let first: Void = Self.expectReading(path, wake, id)
        async let second: Void = Self.expectReading(path, wake, id)
        _ = await (first, second)
        #expect(stream.laps > 2)
    }

    private static func expectReading(_ path: String, _ wake: String, _ id: String) async {
        await #expect(processExitsWith: .success) { [path = path as String, wake = wake as String, id = id as String] in
            _ = try ProcessTests.read(RingOffer(path: path, wakePath: wake, id: id), 10_000)
        }
    }

    @Test func aReaderThatIsKilledHarmsNobody() async throws {
        let stream = try Stream()
        defer { stream.stop() }
        let (path, wake, id) = (stream.offer.path, stream.offer.wakePath, stream.offer.id)
        async let other: Void = Self.expectReading(path, wake, id)
        for _ in 0..<3 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, wake = wake as String, id = id as String] in
                // In the middle of its reading, its sleep announced.
                Thread {
                    _ = try? ProcessTests.read(RingOffer(path: path, wakePath: wake, id: id), .max)
                }.start()
                _ = try ProcessTests.read(RingOffer(path: path, wakePath: wake, id: id), 2000)
                kill(getpid(), SIGKILL)
            }
        }
        await other
        let before = stream.laps
        while stream.laps < before + 3 { await Task.yield() }
    }

    /// It finds out when it goes on, and reads on.
    @Test func aReaderThatStandsStillHarmsNobodyAndKnowsWhatItMissed() async throws {
        let stream = try Stream()
        defer { stream.stop() }
        let (path, wake, id) = (stream.offer.path, stream.offer.wakePath, stream.offer.id)
        let file = FileManager.default.temporaryDirectory.appending(path: "ring-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        async let stopped = #expect(processExitsWith: .success) {
            [path = path as String, wake = wake as String, id = id as String, file = file as String] in
            let offer = RingOffer(path: path, wakePath: wake, id: id)
            let reader = try RingReader(offer, at: .newest)
            try "\(getpid())".write(toFile: file, atomically: true, encoding: .utf8)
            raise(SIGSTOP)
            #expect(reader.look() == .overrun)
            #expect(reader.resume() > 64 << 10)
            _ = try ProcessTests.read(offer, 1000)
        }
        let pid = try await Self.stoppedProcess(file)
        let before = stream.laps
        while stream.laps < before + 5 { await Task.yield() }
        #expect(try Self.read(stream.offer, 1000) >= 0)
        kill(pid, SIGCONT)
        _ = await stopped
    }

    /// The process that has written its id to a file and stands still.
    private static func stoppedProcess(_ file: String) async throws -> Int32 {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let text = try? String(contentsOfFile: file, encoding: .utf8), let pid = Int32(text),
                let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), stat.contains(") T ")
            {
                return pid
            }
            await Task.yield()
        }
        throw RingError("it never stood still")
    }
}
