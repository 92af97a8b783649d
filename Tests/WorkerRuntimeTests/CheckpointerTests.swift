import Testing
import WireProtocol

@testable import WorkerRuntime

/// When a state is saved, and when it may leave the worker.
struct CheckpointerTests {
    private let policy = Checkpointer.Policy(messages: 3, interval: 100)

    private func handle(_ count: Int, _ checkpointer: inout Checkpointer) {
        for _ in 0..<count { checkpointer.handled() }
    }

    private func record(_ ordinal: UInt64, _ checkpointer: inout Checkpointer) -> Bool {
        checkpointer.recorded(ordinal)
    }

    @Test func isDueAfterSoManyMessagesOrSoMuchTime() {
        var checkpointer = Checkpointer(policy, at: 0)
        #expect(checkpointer.due(at: 1000) == nil)
        #expect(checkpointer.nextDue == nil)
        handle(1, &checkpointer)
        #expect(checkpointer.due(at: 99) == nil)
        #expect(checkpointer.nextDue == 100)
        #expect(checkpointer.due(at: 100) == .interval)
        handle(2, &checkpointer)
        #expect(checkpointer.isFull)
        #expect(checkpointer.due(at: 1) == .messages)
    }

    @Test func aTimerThatRanIsReasonEnough() {
        var checkpointer = Checkpointer(policy, at: 0)
        checkpointer.touch()
        #expect(checkpointer.due(at: 99) == nil)
        #expect(checkpointer.due(at: 100) == .interval)
    }

    @Test func oneIsOnItsWayAtATime() {
        var checkpointer = Checkpointer(policy, ordinal: 7, at: 0)
        handle(3, &checkpointer)
        #expect(checkpointer.nextOrdinal == 8)
        checkpointer.take([1], after: 0, at: 5)
        #expect(!checkpointer.isSettled)
        handle(3, &checkpointer)
        checkpointer.want(.stop)
        #expect(checkpointer.due(at: 1000) == nil && !checkpointer.isFull && checkpointer.nextDue == nil)
        checkpointer.sent()
        #expect(!record(7, &checkpointer))
        #expect(record(8, &checkpointer))
        #expect(!checkpointer.isSettled)
        #expect(checkpointer.due(at: 6) == .stop)
        checkpointer.take([2], after: 0, at: 6)
        checkpointer.sent()
        #expect(record(9, &checkpointer))
        #expect(checkpointer.isSettled && checkpointer.due(at: 1000) == nil)
        #expect(!record(9, &checkpointer))
    }

    @Test func leavesOnlyBehindTheSignalsBeforeIt() {
        var checkpointer = Checkpointer(policy, at: 0)
        checkpointer.take([1, 2], after: 4, at: 0)
        #expect(checkpointer.toSend(recordedSignals: 3) == nil)
        // One that has not left is not on disk, whatever somebody says.
        #expect(!record(1, &checkpointer))
        #expect(checkpointer.toSend(recordedSignals: 4) == [1, 2])
        checkpointer.sent()
        #expect(checkpointer.toSend(recordedSignals: 4) == nil)
        checkpointer.rewind()
        #expect(checkpointer.toSend(recordedSignals: 9) == [1, 2])
    }

    @Test func whatCouldNotBeSavedIsTriedAgainLater() {
        var checkpointer = Checkpointer(policy, at: 0)
        handle(3, &checkpointer)
        checkpointer.want(.pause)
        checkpointer.failed(at: 50)
        #expect(checkpointer.isSettled && checkpointer.nextOrdinal == 1)
        #expect(checkpointer.due(at: 1000) == nil)
        handle(1, &checkpointer)
        #expect(checkpointer.due(at: 149) == nil)
        #expect(checkpointer.due(at: 150) == .interval)
    }
}

/// Signals on their way to the disk.
struct SignalOutboxTests {
    private func outbox(_ count: Int) -> SignalOutbox {
        var outbox = SignalOutbox()
        for number in 0..<count { outbox.append([UInt8(number + 1)]) }
        return outbox
    }

    private func sendAll(_ outbox: inout SignalOutbox) -> [UInt8] {
        var sent: [UInt8] = []
        while let signal = outbox.nextUnsent {
            sent += signal
            outbox.sent()
        }
        return sent
    }

    private func record(_ number: UInt64, _ outbox: inout SignalOutbox) -> Bool { outbox.recorded(through: number) }
    private func rewind(_ number: UInt64?, _ outbox: inout SignalOutbox) -> Bool { outbox.rewind(to: number) }

    @Test func goOutInOrderAndStayUntilTheyAreOnDisk() {
        var outbox = outbox(3)
        #expect(outbox.last == 3 && outbox.count == 3 && outbox.bytes == 3)
        #expect(sendAll(&outbox) == [1, 2, 3])
        #expect(record(2, &outbox))
        #expect(!record(2, &outbox))
        #expect(!record(1, &outbox))
        #expect(outbox.recorded == 2 && outbox.last == 3 && outbox.bytes == 1)
        outbox.append([4])
        #expect(sendAll(&outbox) == [4])
        #expect(record(99, &outbox))
        #expect(outbox.count == 0 && outbox.last == 4 && outbox.recorded == 4 && outbox.bytes == 0)
    }

    @Test func goOutAgainFromWhereTheManagerSays() {
        var outbox = outbox(4)
        _ = sendAll(&outbox)
        _ = outbox.recorded(through: 1)
        #expect(rewind(3, &outbox))
        #expect(sendAll(&outbox) == [3, 4])
        #expect(rewind(nil, &outbox))
        #expect(sendAll(&outbox) == [2, 3, 4])
        // Of what is on disk nothing is left.
        #expect(!rewind(1, &outbox))
        #expect(sendAll(&outbox) == [2, 3, 4])
        #expect(rewind(50, &outbox))
        #expect(sendAll(&outbox).isEmpty)
    }

    @Test func whatWasNeverSentIsNotSkipped() {
        var outbox = outbox(4)
        outbox.sent()
        outbox.rewind(to: 4)
        #expect(sendAll(&outbox) == [2, 3, 4])
    }

    @Test func haveABound() {
        var outbox = SignalOutbox()
        #expect(outbox.hasRoom(for: SignalOutbox.maxBytes * 2))
        outbox.append([UInt8](repeating: 0, count: SignalOutbox.maxBytes - 1))
        #expect(outbox.hasRoom(for: 1))
        #expect(!outbox.hasRoom(for: 2))
        outbox = SignalOutbox()
        for _ in 0..<SignalOutbox.maxSignals { outbox.append([1]) }
        #expect(!outbox.hasRoom(for: 1))
        _ = outbox.recorded(through: 1)
        #expect(outbox.hasRoom(for: 1))
    }

    @Test func areSentAgainAfterAWhileThatGrows() {
        var timer = ResendTimer(at: 0)
        let second: Int64 = 1_000_000_000
        var due = (0...255).filter { timer.isDue(at: $0 * second) }
        #expect(due == [5, 15, 35, 75, 135, 195, 255])
        timer.progressed(at: 256 * second)
        due = (256...271).filter { timer.isDue(at: $0 * second) }
        #expect(due == [261, 271])
    }
}
