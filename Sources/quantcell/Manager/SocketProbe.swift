import Glibc

/// Finds out whether somebody listens at an address, which a ZeroMQ socket does not tell: it would wait for somebody to
/// come.
enum SocketProbe {
    /// What was found.
    enum Result: Hashable {
        case listening
        case nobody
        case failed(String)
    }

    /// Connects and hangs up. Answers at once for `ipc`; for `tcp` within three seconds and the time of a name look-up.
    static func probe(_ address: String) -> Result {
        if address.hasPrefix("ipc://") { return probeLocal(path: String(address.dropFirst(6))) }
        if address.hasPrefix("tcp://") { return probeNetwork(String(address.dropFirst(6))) }
        return .failed("an address must begin with ipc:// or tcp://")
    }

    private static func probeLocal(path: String) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // ZeroMQ writes `@name` for a name in the abstract space, which begins with a zero byte.
        let isAbstract = path.hasPrefix("@")
        let bytes = isAbstract ? [0] + path.utf8.dropFirst() : Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity else {
            return .failed("the path of a socket must be shorter than \(capacity) bytes; use a shorter --runtime-dir")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path).map { $0 + bytes.count + (isAbstract ? 0 : 1) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                probe($0, length: socklen_t(length ?? MemoryLayout<sockaddr_un>.size), family: AF_UNIX)
            }
        }
    }

    private static func probeNetwork(_ text: String) -> Result {
        guard let (host, port) = hostAndPort(text) else { return .failed("tcp://HOST:PORT is needed") }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, port, &hints, &list)
        guard status == 0 else { return .failed(String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(list) }
        var result = Result.nobody
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr {
                result = probe(address, length: entry.pointee.ai_addrlen, family: entry.pointee.ai_family)
                if result == .listening { return result }
            }
            next = entry.pointee.ai_next
        }
        return result
    }

    /// Cuts `host:port`, `[::1]:port` and ZeroMQ's `source;host:port`.
    static func hostAndPort(_ text: String) -> (host: String, port: String)? {
        let target = text.split(separator: ";", omittingEmptySubsequences: false).last ?? ""
        guard let colon = target.lastIndex(of: ":") else { return nil }
        var host = target[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        let port = target[target.index(after: colon)...]
        return host.isEmpty || port.isEmpty ? nil : (String(host), String(port))
    }

    private static func probe(_ address: UnsafePointer<sockaddr>, length: socklen_t, family: Int32) -> Result {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { return .failed(errorText(errno)) }
        defer { close(descriptor) }
        guard connect(descriptor, address, length) != 0 else { return .listening }
        let number = errno
        return number == EINPROGRESS ? finish(descriptor) : result(of: number)
    }

    private static func finish(_ descriptor: Int32) -> Result {
        var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&item, 1, 3000) > 0 else { return .nobody }
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        return number == 0 ? .listening : result(of: number)
    }

    private static func result(of number: Int32) -> Result {
        switch number {
        // A full backlog is somebody who is busy.
        case EAGAIN: .listening
        case ENOENT, ENOTDIR, ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: .nobody
        default: .failed(errorText(number))
        }
    }
}
