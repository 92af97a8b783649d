internal import Hummingbird
internal import MarketFiles
internal import NIOCore
internal import WireProtocol

/// The two envelopes that every JSON answer has.
enum Envelope {
    /// - Parameter data: The text of a JSON value.
    static func success(_ data: ByteBuffer, message: String, status: Int = 200) -> Response {
        var body = ByteBuffer()
        body.reserveCapacity(data.readableBytes + message.utf8.count + 128)
        body.writeStaticString("{\"status\":\"success\",\"message\":")
        body.writeString(JSONValue.string(message).text)
        body.writeStaticString(",\"data\":")
        body.writeImmutableBuffer(data)
        body.writeStaticString(",\"timestamp\":\"")
        body.writeString(now)
        body.writeStaticString("\"}")
        return response(status, body)
    }

    static func success(_ data: JSONValue, message: String, status: Int = 200) -> Response {
        success(ByteBuffer(string: data.text), message: message, status: status)
    }

    static func error(_ error: APIError) -> Response {
        let envelope: JSONValue = [
            "status": "error", "error_code": .string(error.code.rawValue), "message": .string(error.message),
            "data": .null, "timestamp": .string(now),
        ]
        var response = response(error.status, ByteBuffer(string: envelope.text))
        if error.status == 401 { response.headers[.wwwAuthenticate] = "Bearer" }
        if error.status == 429 { response.headers[.retryAfter] = "1" }
        return response
    }

    private static func response(_ status: Int, _ body: ByteBuffer) -> Response {
        Response(
            status: .init(code: status),
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: body)
        )
    }

    private static var now: String { TimeText.iso8601(nanoseconds: WallClock.nanoseconds()) }
}
