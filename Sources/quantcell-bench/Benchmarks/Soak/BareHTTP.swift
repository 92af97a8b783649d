import Glibc

/// Asks over HTTP, a connection for each question.
struct BareHTTP {
    private let port: UInt16
    private let token: String

    /// - Parameter address: Such as `http://127.0.0.1:8090`.
    init(_ address: String, token: String) throws {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw BenchError("'\(address)' has no port")
        }
        self.port = port
        self.token = token
    }

    /// Asks, reads the whole answer, and returns its status.
    func get(_ path: String) throws -> Int {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw BenchError.system("open a socket", errno: errno) }
        defer { close(socket) }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw BenchError.system("connect to port \(port)", errno: errno) }
        let request = Array(
            "GET \(path) HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\nauthorization: Bearer \(token)\r\nconnection: close\r\n\r\n"
                .utf8
        )
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw BenchError.system("send to port \(port)", errno: errno)
        }
        return try status(socket)
    }

    private func status(_ socket: Int32) throws -> Int {
        var start: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count >= 0 else { throw BenchError.system("read from port \(port)", errno: errno) }
            if count == 0 { break }
            if start.count < 64 { start += buffer.prefix(min(count, 64)) }
        }
        let words = String(decoding: start, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count == 3, let status = Int(words[1]) else { throw BenchError("port \(port) does not speak HTTP") }
        return status
    }
}
