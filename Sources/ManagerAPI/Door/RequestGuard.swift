internal import NIOCore
internal import NIOHTTP1

/// Holds a connection to its times: a request must come within one, a connection may be idle for another, and a body that nobody wants
/// any more is not read to its end.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How much of a body is read after its request has been answered, and for how long: enough for the client to get the answer.
    private static let lingerBytes = 1 << 20
    private static let lingerTime = TimeAmount.seconds(2)

    private let requestTime: TimeAmount
    private let idleTime: TimeAmount
    private var deadline: NIODeadline?
    private var timer: Scheduled<Void>?
    /// Requests that have begun, that have come to their end, and that have been answered.
    private var (begun, ended, answered) = (0, 0, 0)
    private var lingered = 0
    private var isQuiescing = false

    init(requestTime: TimeAmount, idleTime: TimeAmount) {
        self.requestTime = requestTime
        self.idleTime = idleTime
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { within(requestTime, context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline = nil
        timer?.cancel()
        timer = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        within(requestTime, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        handlerRemoved(context: context)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            begun += 1
            within(requestTime, context)
        case .body(let bytes):
            if answered >= begun {
                lingered += bytes.readableBytes
                if lingered > Self.lingerBytes { context.close(promise: nil) }
                return
            }
        case .end:
            ended += 1
            // The answer may take as long as it takes.
            deadline = nil
            if answered >= begun { rest(context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        answered += 1
        context.write(data, promise: promise)
        if ended >= begun { rest(context) } else { within(Self.lingerTime, context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            if answered >= begun { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// All that was asked has been answered.
    private func rest(_ context: ChannelHandlerContext) {
        lingered = 0
        guard isQuiescing else { return within(idleTime, context) }
        context.flush()
        context.close(promise: nil)
    }

    private func within(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        let due = NIODeadline.now() + time
        deadline = due
        if timer == nil { arm(due, context) }
    }

    /// One timer for all deadlines: when it comes, it looks whether the deadline has moved.
    private func arm(_ due: NIODeadline, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: due) {
            let (guardian, context) = bound.value
            guardian.timer = nil
            guard let deadline = guardian.deadline else { return }
            if deadline <= .now() { context.close(promise: nil) } else { guardian.arm(deadline, context) }
        }
    }
}
