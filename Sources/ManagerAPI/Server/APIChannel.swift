internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import ManagerCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1
internal import NIOWebSocket
internal import WireProtocol

/// One connection: HTTP, or from its first request on a WebSocket.
struct APIChannel: ServerChildChannel, HTTPChannelHandler {
    typealias HTTP = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    typealias WebSocket = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    /// What a connection has become.
    enum Kind: Sendable {
        case http(HTTP)
        case webSocket(WebSocket, WebSocketSession)
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let kind: EventLoopFuture<Kind>
    }

    /// The largest line or header, and all of them together, bytes; and how many there may be.
    private static let maxHeaderField = 8 << 10
    private static let maxHeaders = 32 << 10
    private static let maxHeaderCount = 100

    let responder: HTTPChannelHandler.Responder
    let door: Door
    let limits: Settings.API.Limits
    let webSockets: WebSocketGate

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        door.connections.add(channel)
        return channel.eventLoop.makeCompletedFuture {
            Value(channel: channel, kind: try configure(channel))
        }
    }

    func handle(value: Value, logger: Logger) async {
        guard let kind = try? await value.kind.get() else {
            value.channel.close(promise: nil)
            return
        }
        switch kind {
        case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
        case .webSocket(let channel, let session): await session.run(channel)
        }
    }

    // MARK: The pipeline

    private func configure(_ channel: any Channel) throws -> EventLoopFuture<Kind> {
        let pipeline = channel.pipeline.syncOperations
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = Self.maxHeaderField
        decoderLimits.maxHeaderListSize = Self.maxHeaders
        decoderLimits.maxHeaderFieldCount = Self.maxHeaderCount
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits)
        )
        let requestGuard = RequestGuard(
            requestTime: .init(limits.requestTimeout.duration),
            idleTime: .init(limits.idleTimeout.duration)
        )
        let upgrade = NIOTypedHTTPServerUpgradeHandler(
            httpEncoder: encoder,
            extraHTTPHandlers: [decoder, requestGuard],
            upgradeConfiguration: .init(upgraders: [upgrader]) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                    return .http(
                        try NIOAsyncChannel(
                            wrappingChannelSynchronously: channel,
                            configuration: .init(isOutboundHalfClosureEnabled: true)
                        )
                    )
                }
            }
        )
        try pipeline.addHandlers(encoder, decoder, requestGuard, upgrade)
        return upgrade.upgradeResultFuture
    }

    private var upgrader: NIOTypedWebSocketServerUpgrader<Kind> {
        NIOTypedWebSocketServerUpgrader(
            maxFrameSize: WebSocketSession.maxFrame,
            shouldUpgrade: { channel, head in
                // Whoever is refused here is told why by the route of the same path.
                channel.eventLoop.makeSucceededFuture(webSockets.admits(head, channel) ? HTTPHeaders() : nil)
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let session = try webSockets.session(head, channel)
                    try channel.pipeline.syncOperations.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 1,
                            maxAccumulatedFrameCount: 64,
                            maxAccumulatedFrameSize: WebSocketSession.maxFrame
                        )
                    )
                    return .webSocket(try NIOAsyncChannel(wrappingChannelSynchronously: channel), session)
                }
            }
        )
    }
}
