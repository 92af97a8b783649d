import Glibc
import Testing
import ZeroMQ

/// An actor that is pinned to a loop, as the program's are.
private actor Pinned {
    let loop: EventLoop
    private(set) var log: [String] = []
    private var sockets: Sockets?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: EventLoop) {
        self.loop = loop
    }

    func isOnLoop() -> Bool { loop.isCurrent }

    func note(_ text: String) { log.append(text) }

    /// Sets deadlines out of order and waits until the last has passed.
    func runTimers() async -> [String] {
        await withCheckedContinuation { done in
            loop.schedule(after: .milliseconds(20)) { self.assumeIsolated { $0.finish("late", done) } }
            let cancelled = loop.schedule(after: .milliseconds(5)) { self.assumeIsolated { $0.note("cancelled") } }
            loop.schedule(after: .milliseconds(10)) { self.assumeIsolated { $0.note("early") } }
            loop.schedule(after: .zero) { self.assumeIsolated { $0.note("at once") } }
            loop.cancel(cancelled)
        }
        return log
    }

    private func finish(_ text: String, _ done: CheckedContinuation<Void, Never>) {
        note(text)
        done.resume()
    }

    /// Echoes `count` messages from a PUSH to a PULL that the loop watches.
    func receive(_ count: Int, through address: String) async throws -> Int {
        let sockets = try Sockets(address)
        self.sockets = sockets
        return await withCheckedContinuation { done in
            sockets.watch = loop.watch(sockets.pull) {
                self.assumeIsolated { actor in
                    while let message = try? sockets.pull.receive() {
                        actor.log.append(String(decoding: message.joined(), as: UTF8.self))
                    }
                    guard actor.log.count == count, let watch = sockets.watch else { return }
                    actor.loop.unwatch(watch)
                    sockets.watch = nil
                    done.resume(returning: actor.log.count)
                }
            }
            for index in 0..<count { _ = try? sockets.push.send([Array("\(index)".utf8)], wait: true) }
        }
    }
}

private final class Sockets: @unchecked Sendable {
    let context: Context
    let pull: Socket
    let push: Socket
    var watch: EventLoop.Watch?

    init(_ address: String) throws {
        context = try Context()
        pull = try Socket(context, .pull)
        try pull.bind(address)
        push = try Socket(context, .push)
        try push.connect(address)
    }
}

@Suite struct EventLoopTests {
    @Test func anActorRunsOnItsLoop() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        #expect(await Pinned(loop).isOnLoop())
        #expect(!loop.isCurrent)
    }

    @Test func deadlinesPassInOrderAndCancelledOnesNever() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        #expect(await Pinned(loop).runTimers() == ["at once", "early", "late"])
    }

    @Test func aWatchedSocketDeliversEverything() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let folder = try TemporaryFolder()
        #expect(try await Pinned(loop).receive(500, through: folder.address("a")) == 500)
    }

    @Test func workFromManyThreadsRunsOnceEach() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let pinned = Pinned(loop)
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<200 { group.addTask { await pinned.note("\(index)") } }
        }
        #expect(await Set(pinned.log).count == 200)
        #expect(await pinned.log.count == 200)
    }

    @Test func workAfterTheStopStillRuns() async throws {
        let loop = try EventLoop(name: "test")
        let pinned = Pinned(loop)
        await pinned.note("before")
        loop.stop()
        await pinned.note("after")
        #expect(await pinned.log == ["before", "after"])
    }

    @Test func aPipeThatClosesWakesTheLoop() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        await withCheckedContinuation { done in
            loop.execute {
                nonisolated(unsafe) var watch: EventLoop.Watch?
                watch = try? loop.watch(descriptor: reading) {
                    if let watch { loop.unwatch(watch) }
                    done.resume()
                }
                close(writing)
            }
        }
        close(reading)
    }
}
