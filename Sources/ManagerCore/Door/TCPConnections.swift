internal import Glibc

/// The TCP connections that others have made to this process.
///
/// libzmq has no call that ends one connection of a socket, and does not say which descriptor is whose. So they are looked for among the
/// descriptors of the process; libzmq then finds a connection that its peer has closed.
enum TCPConnections {
    /// Ends connections.
    ///
    /// - Parameters:
    ///   - address: Where they come from, as numbers; `nil`: from anywhere.
    ///   - ports: The ports of this machine that they were made to.
    /// - Returns: How many there were.
    static func end(from address: String?, to ports: Set<UInt16>) -> Int {
        guard !ports.isEmpty, let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var ended = 0
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let descriptor = Int32(name) else { continue }
            // By a descriptor of our own: that of libzmq may be closed, and be that of something else, at any moment.
            let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            guard own >= 0 else { continue }
            defer { close(own) }
            guard let here = Self.name(of: own, getsockname), ports.contains(here.port),
                let there = Self.name(of: own, getpeername), address == nil || address == there.host
            else { continue }
            if shutdown(own, Int32(SHUT_RDWR)) == 0 { ended += 1 }
        }
        return ended
    }

    /// One end of a connection; `nil` for what is none over TCP.
    private static func name(
        of descriptor: Int32,
        _ read: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (host: String, port: UInt16)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard read(descriptor, address, &length) == 0,
                    [sa_family_t(AF_INET), sa_family_t(AF_INET6)].contains(address.pointee.sa_family)
                else { return nil }
                var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
                var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
                let flags = NI_NUMERICHOST | NI_NUMERICSERV
                guard
                    getnameinfo(
                        address,
                        length,
                        &host,
                        socklen_t(host.count),
                        &port,
                        socklen_t(port.count),
                        flags
                    ) == 0
                else { return nil }
                return UInt16(Self.text(port)).map { (Self.text(host), $0) }
            }
        }
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
