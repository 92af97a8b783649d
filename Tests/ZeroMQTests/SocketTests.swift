import Glibc
import Testing
import ZeroMQ

@Suite struct SocketTests {
    private let context: Context
    private let folder: TemporaryFolder

    init() throws {
        context = try Context()
        folder = try TemporaryFolder()
    }

    @Test func wholeMessagesPassFromPushToPull() throws {
        let pull = try Socket(context, .pull)
        try pull.bind(folder.address("a"))
        let push = try Socket(context, .push)
        try push.connect(folder.address("a"))
        try push.send([Array("one".utf8), [], Array(repeating: 7, count: 100_000)], wait: true)
        let message = try #require(try pull.receive(wait: true))
        #expect(message == [Array("one".utf8), [], Array(repeating: 7, count: 100_000)])
        #expect(try pull.receive() == nil)
    }

    @Test func framesBeyondTheLimitAreDroppedAndTheNextMessageIsWhole() throws {
        let pull = try Socket(context, .pull)
        try pull.bind(folder.address("a"))
        let push = try Socket(context, .push)
        try push.connect(folder.address("a"))
        try push.send(Array(repeating: [1], count: 100), wait: true)
        try push.send([[2]], wait: true)
        #expect(try pull.receive(wait: true, maxFrames: 3) == [[1], [1], [1]])
        #expect(try pull.receive(wait: true) == [[2]])
    }

    @Test func aFrameIsForwardedWithoutCopyAndEmptyAfterwards() throws {
        let pull = try Socket(context, .pull)
        try pull.bind(folder.address("a"))
        let push = try Socket(context, .push)
        try push.connect(folder.address("a"))
        var frame = Frame()
        let body = [UInt8](0..<200)
        try body.withUnsafeBytes { try frame.replace(with: $0) }
        frame.withMutableBytes { $0[0] = 99 }
        #expect(try push.send(&frame, wait: true))
        #expect(frame.count == 0)
        #expect(try pull.receive(wait: true) == [[99] + body.dropFirst()])
    }

    @Test func aMandatoryRouterRefusesAnUnknownPeer() throws {
        let router = try Socket(context, .router)
        try router.set(.routerMandatory, 1)
        try router.bind(folder.address("r"))
        let error = #expect(throws: ZeroMQError.self) { try router.send([Array("nobody".utf8), [1]]) }
        #expect(error?.code == .unreachable)
    }

    @Test func bindingTwiceSaysSo() throws {
        let first = try Socket(context, .pull)
        try first.bind("tcp://127.0.0.1:*")
        let address = try first.lastEndpoint()
        let second = try Socket(context, .pull)
        let error = #expect(throws: ZeroMQError.self) { try second.bind(address) }
        #expect(error?.code == .addressInUse)
        #expect(
            error?.description
                == "bind \(address): Address already in use; another program has this address: stop it, or choose another"
        )
    }

    @Test(arguments: ["nonsense", "ipc:///no/such/folder/x.sock", "tcp://127.0.0.1:port"])
    func aBadAddressSaysSo(_ address: String) throws {
        let socket = try Socket(context, .pull)
        let error = #expect(throws: ZeroMQError.self) { try socket.bind(address) }
        #expect(error?.code == .invalidAddress)
    }

    @Test func anXPubReportsEachSubscriptionOfEachPeerAndItsEnd() throws {
        let xpub = try Socket(context, .xpub)
        try xpub.set(.reportEverySubscription, 1)
        try xpub.bind(folder.address("x"))
        let staying = try Socket(context, .sub)
        try staying.connect(folder.address("x"))
        try staying.set(.subscribe, "t")
        #expect(try xpub.receive(wait: true) == [[1] + Array("t".utf8)])
        do {
            let leaving = try Socket(context, .sub)
            try leaving.connect(folder.address("x"))
            try leaving.set(.subscribe, "t")
            #expect(try xpub.receive(wait: true) == [[1] + Array("t".utf8)])
        }
        #expect(try xpub.receive(wait: true) == [[0] + Array("t".utf8)])
    }
}
