internal import ManagerCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket
internal import ServiceLifecycle
internal import Synchronization
internal import WireProtocol

/// The events on a WebSocket, and what the client says: which ones it wants.
struct WebSocketSession: Sendable {
    /// The largest message that a client may send, bytes.
    static let maxFrame = 16 << 10

    let stream: EventStream
    let place: Int64?
    let filter: EventFilter
    let ticket: StreamCount.Ticket

    /// Runs until one side ends it.
    func run(_ channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>) async {
        defer { ticket.leave() }
        try? await channel.executeThenClose { inbound, outbound in
            let wanted = Wanted(filter)
            let sink = WebSocketEvents(outbound)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await stream.run(after: place, filter: { wanted.filter }, into: sink)
                    try? await sink.close(.goingAway)
                }
                group.addTask { await read(inbound, outbound, wanted, sink) }
                await group.next()
                group.cancelAll()
                channel.channel.close(mode: .input, promise: nil)
            }
        }
    }

    private func read(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>,
        _ wanted: Wanted,
        _ sink: WebSocketEvents
    ) async {
        do {
            for try await frame in inbound {
                switch frame.opcode {
                case .text:
                    guard wanted.take(frame.unmaskedData) else {
                        try await sink.error("a message must be {\"type\":\"filter\",\"kinds\":[…],\"workers\":[…]}")
                        return try await sink.close(.policyViolation)
                    }
                case .ping:
                    try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
                case .pong: continue
                case .connectionClose: return try await sink.close(.normalClosure)
                default: return try await sink.close(.unacceptableData)
                }
            }
        } catch {
            // The client has gone, or speaks something else.
        }
    }

    /// What the client wants now.
    private final class Wanted: Sendable {
        private let state: Mutex<EventFilter>

        init(_ filter: EventFilter) {
            state = Mutex(filter)
        }

        var filter: EventFilter { state.withLock { $0 } }

        /// Takes a client's message. Returns whether it is one.
        func take(_ data: ByteBuffer) -> Bool {
            guard let message = data.withUnsafeReadableBytes({ try? JSONValue(parsing: $0) }),
                message["type"] == "filter"
            else { return false }
            var changed = filter
            for key in ["kinds", "workers"] {
                guard let value = message[key] else { continue }
                let names = value.stringArrayValue
                guard value == .null || names.map({ $0.count <= EventFilter.maxNames }) == true else { return false }
                let set = names.map { Set($0) }
                if key == "kinds" { changed.kinds = set } else { changed.workers = set }
            }
            let filter = changed
            state.withLock { $0 = filter }
            return true
        }
    }
}

/// Events as text frames of JSON.
private struct WebSocketEvents: EventSink {
    private let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

    init(_ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>) {
        self.outbound = outbound
    }

    func snapshot(_ data: ByteBuffer, seq: Int64) async throws {
        var buffer = ByteBuffer(string: "{\"type\":\"snapshot\",\"seq\":\(seq),\"data\":")
        buffer.writeImmutableBuffer(data)
        buffer.writeString("}")
        try await send(buffer)
    }

    func events(_ events: [JournalEvent]) async throws {
        try await outbound.write(
            contentsOf: events.map { event in
                Self.frame(ByteBuffer(string: "{\"type\":\"event\",\"seq\":\(event.seq),\"data\":\(event.text)}"))
            }
        )
    }

    func gap(from: Int64, to: Int64) async throws {
        try await send(ByteBuffer(string: "{\"type\":\"gap\",\"from\":\(from),\"to\":\(to)}"))
    }

    func pulse() async throws {
        try await outbound.write(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()))
    }

    func error(_ message: String) async throws {
        let error: JSONValue = ["type": "error", "message": .string(message)]
        try await send(ByteBuffer(string: error.text))
    }

    func close(_ code: WebSocketErrorCode) async throws {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        try await outbound.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: data))
    }

    private func send(_ buffer: ByteBuffer) async throws {
        try await outbound.write(Self.frame(buffer))
    }

    private static func frame(_ data: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .text, data: data)
    }
}
