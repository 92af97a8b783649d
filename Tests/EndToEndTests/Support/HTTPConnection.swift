import CLinux
import Foundation
import Glibc
import Testing
import WireProtocol

/// A connection to a manager's HTTP server, byte by byte: what no well-behaved client would send can be sent, too.
final class HTTPConnection {
    struct Response {
        let status: Int
        /// The last value of each header, by its name in small letters.
        let headers: [String: String]
        let body: String

        /// The envelope.
        var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
        var data: JSONValue { json["data"] ?? .null }
        var code: String? { json["error_code"]?.stringValue }
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    /// - Parameter address: As `ping` names it.
    init(_ address: String) throws {
        let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var to = sockaddr_in()
        to.sin_family = sa_family_t(AF_INET)
        to.sin_port = port.bigEndian
        to.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &to) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, result == 0 else { throw Waited("no connection: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Whether the other side, on this machine, still holds the connection open; what it has sent before need not have been read.
    func isHeldOpen() throws -> Bool {
        var mine = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &mine) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        let port = String(format: "%04X", UInt16(bigEndian: mine.sin_port))
        return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            // The other side's view: its remote port is ours, and state 01 is 'established'.
            return fields.count > 3 && fields[2].hasSuffix(":\(port)") && fields[3] == "01"
        }
    }

    /// Sends bytes; returns whether the other side has taken all of them.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Reads what has come, waiting for something. Returns `false` when the other side has closed the connection.
    private func receive(_ deadline: Deadline) throws -> Bool {
        guard deadline.wait(for: descriptor) else { throw Waited("the HTTP server said nothing in time") }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received += buffer.prefix(count)
        return true
    }

    /// Waits until the other side closes the connection.
    func untilClosed(_ deadline: Deadline = Deadline()) throws {
        while try receive(deadline) { received = [] }
    }

    /// Waits until what has come holds a text, and returns all up to its end.
    func until(_ text: String, _ deadline: Deadline = Deadline()) throws -> String {
        let wanted = Array(text.utf8)
        while true {
            if let range = received.firstRange(of: wanted) {
                defer { received.removeSubrange(..<range.upperBound) }
                return String(decoding: received[..<range.upperBound], as: UTF8.self)
            }
            guard try receive(deadline) else { throw Waited("the HTTP server closed the connection before '\(text)'") }
        }
    }

    /// Waits for so many bytes.
    func bytes(_ count: Int, _ deadline: Deadline = Deadline()) throws -> [UInt8] {
        while received.count < count {
            guard try receive(deadline) else { throw Waited("the HTTP server closed the connection in a message") }
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// Reads a whole answer, with a length or up to the end of the connection.
    func response(_ deadline: Deadline = Deadline()) throws -> Response {
        let head = try until("\r\n\r\n", deadline)
        let lines = head.split(separator: "\r\n")
        let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while received.count < length, try receive(deadline) {}
        defer { received.removeFirst(min(length, received.count)) }
        return Response(
            status: status,
            headers: headers,
            body: String(decoding: received.prefix(length), as: UTF8.self)
        )
    }
}

/// A manager's HTTP server, as a program with a token uses it.
struct HTTPClient {
    let address: String
    let token: String

    /// Makes a token for it.
    init(_ manager: TestManager, scope: String = "admin", name: String = "test") throws {
        address = try #require(try manager.ask(.ping)["api"]?.stringValue)
        let made = try manager.cli("token", "new", "--name", name, "--scope", scope)
        token = try #require(made.lines.last.map { String($0) })
    }

    var host: String { String(address.dropFirst("http://".count)) }

    /// Makes a request on a connection of its own.
    func ask(_ method: String, _ path: String, _ body: String? = nil, headers: [String] = []) throws
        -> HTTPConnection.Response
    {
        let connection = try HTTPConnection(address)
        connection.send(request(method, path, body, headers))
        return try connection.response()
    }

    func get(_ path: String) throws -> HTTPConnection.Response { try ask("GET", path) }

    /// The text of a request. Headers that are given take the place of those of the same name.
    func request(_ method: String, _ path: String, _ body: String? = nil, _ headers: [String] = []) -> String {
        let names = headers.map { $0.prefix { $0 != ":" }.lowercased() }
        var lines = ["\(method) \(path) HTTP/1.1"]
        if !names.contains("host") { lines.append("host: \(host)") }
        if !names.contains("authorization") { lines.append("authorization: Bearer \(token)") }
        if let body {
            if !names.contains("content-type") { lines.append("content-type: application/json") }
            lines.append("content-length: \(body.utf8.count)")
        }
        lines += headers.filter { !$0.hasSuffix(": -") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }
}
