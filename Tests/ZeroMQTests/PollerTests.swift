import Glibc
import Testing
import ZeroMQ

@Suite final class PollerTests {
    private let context: Context
    private let folder: TemporaryFolder
    private let pull: Socket
    private let push: Socket
    private let reading: Int32
    private let writing: Int32

    init() throws {
        context = try Context()
        folder = try TemporaryFolder()
        pull = try Socket(context, .pull)
        try pull.bind(folder.address("a"))
        push = try Socket(context, .push)
        try push.connect(folder.address("a"))
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    @Test func onlyWhatIsReadyIsReady() throws {
        var poller = Poller()
        let socket = poller.add(pull)
        let descriptor = poller.add(descriptor: reading)
        try poller.wait(timeoutMilliseconds: 0)
        var ready = (poller.isReady(socket), poller.isReady(descriptor))
        #expect(ready == (false, false))

        #expect(write(writing, "x", 1) == 1)
        try poller.wait(timeoutMilliseconds: -1)
        ready = (poller.isReady(socket), poller.isReady(descriptor))
        #expect(ready == (false, true))

        var byte: UInt8 = 0
        #expect(read(reading, &byte, 1) == 1)
        try push.send([[1]], wait: true)
        try poller.wait(timeoutMilliseconds: -1)
        ready = (poller.isReady(socket), poller.isReady(descriptor))
        #expect(ready == (true, false))

        #expect(try pull.receive(wait: true) == [[1]])
        try poller.wait(timeoutMilliseconds: 0)
        ready = (poller.isReady(socket), poller.isReady(descriptor))
        #expect(ready == (false, false))
    }

    @Test func whatIsLeftOutDoesNotWakeIt() throws {
        var poller = Poller()
        let descriptor = poller.add(descriptor: reading)
        let socket = poller.add(pull)
        #expect(write(writing, "x", 1) == 1)
        poller.setEnabled(descriptor, false)
        try push.send([[1]], wait: true)
        try poller.wait(timeoutMilliseconds: -1)
        var ready = (poller.isReady(socket), poller.isReady(descriptor))
        #expect(ready == (true, false))

        poller.setEnabled(descriptor, true)
        poller.setEnabled(socket, false)
        try poller.wait(timeoutMilliseconds: -1)
        ready = (poller.isReady(socket), poller.isReady(descriptor))
        #expect(ready == (false, true))
    }

    @Test func anEmptyOneWaitsForTheTimeAlone() throws {
        var poller = Poller()
        let begin = ContinuousClock.now
        try poller.wait(timeoutMilliseconds: 20)
        #expect(ContinuousClock.now - begin >= .milliseconds(19))
    }
}
