import Foundation
import Glibc
import Synchronization
import Testing

/// Answers every request on a port of 127.0.0.1 with what it is given, as a manager's `/metrics` does.
final class PageServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let page: @Sendable () async -> [UInt8]
    private let requests = Mutex<[String]>([])

    /// What was asked for.
    var asked: [String] { requests.withLock { $0 } }

    init(_ page: @escaping @Sendable () async -> [UInt8]) throws {
        self.page = page
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        try #require(listener >= 0 && bound)
        port = UInt16(bigEndian: address.sin_port)
    }

    /// Serves until ``stop()``.
    func run() async {
        while true {
            let client = await withCheckedContinuation { done in
                Thread.detachNewThread { [listener] in done.resume(returning: accept(listener, nil, nil)) }
            }
            guard client >= 0 else { return }
            var buffer = [UInt8](repeating: 0, count: 8192)
            let count = read(client, &buffer, buffer.count)
            requests.withLock { $0.append(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)) }
            let body = await page()
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            let answer = Array(head.utf8) + body
            var sent = 0
            while sent < answer.count {
                let written = answer[sent...].withUnsafeBytes {
                    send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { break }
                sent += written
            }
            close(client)
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}
