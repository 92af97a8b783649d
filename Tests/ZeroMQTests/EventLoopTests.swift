import Glibc
import Testing
import ZeroMQ

/// An actor that is pinned to a loop, as the program's are.
private actor Pinned {
    let loop: EventLoop
    private(set) var log: [String] = []
    private var reads: [SuspendingClock.Instant] = []
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

    /// Notes what runs in one turn, and in which order.
    func endTurn() async -> [String] {
        await withCheckedContinuation { done in
            loop.afterTurn {
                self.assumeIsolated { $0.note("end") }
                self.loop.afterTurn { self.assumeIsolated { $0.finish("end of the end", done) } }
            }
            note("first")
            note("second")
        }
        return log
    }

    /// Receives `count` messages, which come one after the other, and rests for `rest` after each reading.
    ///
    /// - Returns: When the socket was read.
    func receive(
        _ count: Int,
        resting rest: Duration,
        through address: String
    ) async throws -> [SuspendingClock.Instant] {
        let sockets = try Sockets(address)
        self.sockets = sockets
        await withCheckedContinuation { done in
            sockets.watch = loop.watch(sockets.pull) {
                self.assumeIsolated { actor in
                    guard let watch = sockets.watch else { return }
                    actor.reads.append(SuspendingClock().now)
                    while let message = try? sockets.pull.receive() {
                        actor.log.append(String(decoding: message.joined(), as: UTF8.self))
                    }
                    actor.loop.rest(watch, for: rest)
                    guard actor.log.count == count else { return }
                    actor.loop.unwatch(watch)
                    sockets.watch = nil
                    done.resume()
                }
            }
            for index in 0..<count {
                loop.schedule(after: .milliseconds(index)) {
                    _ = try? sockets.push.send([Array("\(index)".utf8)], wait: true)
                }
            }
        }
        return reads
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

/// Sends and receives on one socket, as a ROUTER does: each answer is sent from a deadline, not from the handler.
private actor Chatter {
    let loop: EventLoop
    private var heard: [String] = []
    private var ends: (context: Context, near: Ends)?

    /// Both ends of a conversation.
    private final class Ends: @unchecked Sendable {
        let near: Socket
        let far: Socket
        var watches: [EventLoop.Watch] = []

        init(_ context: Context, _ address: String) throws {
            near = try Socket(context, .dealer)
            try near.bind(address)
            far = try Socket(context, .dealer)
            try far.connect(address)
        }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: EventLoop) {
        self.loop = loop
    }

    func talk(_ count: Int, through address: String) async throws -> [String] {
        let context = try Context()
        let ends = try Ends(context, address)
        self.ends = (context, ends)
        await withCheckedContinuation { done in
            ends.watches = [
                loop.watch(ends.near) { self.assumeIsolated { $0.hear(ends, count, done) } },
                // What comes back is read by nobody but this, and shows that the near end has sent.
                loop.watch(ends.far) { _ = try? ends.far.receive() },
            ]
            for index in 0..<count { _ = try? ends.far.send([Array("\(index)".utf8)], wait: true) }
        }
        return heard
    }

    private func hear(_ ends: Ends, _ count: Int, _ done: CheckedContinuation<Void, Never>) {
        guard let message = try? ends.near.receive() else { return }
        heard.append(String(decoding: message.joined(), as: UTF8.self))
        loop.schedule(after: .milliseconds(heard.count % 3)) { _ = try? ends.near.send([[1]]) }
        guard heard.count == count else { return }
        for watch in ends.watches { loop.unwatch(watch) }
        ends.watches = []
        done.resume()
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

    /// A handler that reads but one message is called again, and news that a send has taken in unnoticed is not lost.
    @Test(.timeLimit(.minutes(10))) func aSocketThatRestsIsLeftAloneAndLosesNothing() async throws {
        let loop = try EventLoop(name: "resting")
        defer { loop.stop() }
        let folder = try TemporaryFolder()
        let actor = Pinned(loop)
        let rest = Duration.milliseconds(40)
        let reads = try await actor.receive(100, resting: rest, through: folder.address("a"))
        #expect(await actor.log == (0..<100).map(String.init))
        #expect(zip(reads, reads.dropFirst()).allSatisfy { $1 - $0 >= rest })
    }

    @Test(.timeLimit(.minutes(10))) func aSocketThatIsUsedOutsideItsHandlerDeliversEverything() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let folder = try TemporaryFolder()
        #expect(try await Chatter(loop).talk(300, through: folder.address("a")) == (0..<300).map { "\($0)" })
    }

    @Test func whatEndsATurnRunsAfterAllElseInIt() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        #expect(await Pinned(loop).endTurn() == ["first", "second", "end", "end of the end"])
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
