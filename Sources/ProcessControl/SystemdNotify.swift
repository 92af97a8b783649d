import Glibc

/// Tells systemd how this service is, as sd_notify(3) does: one datagram for each piece of news.
package final class SystemdNotify: Sendable {
    /// A piece of news.
    package enum News: Hashable, Sendable {
        /// The service is up. `Type=notify` waits for it.
        case ready
        /// The service goes down.
        case stopping
        /// The service is alive: due at least once every ``SystemdNotify/watchdogInterval``.
        case watchdog
        /// One line for people, in `systemctl status`.
        case status(String)

        var text: String {
            switch self {
            case .ready: "READY=1"
            case .stopping: "STOPPING=1"
            case .watchdog: "WATCHDOG=1"
            // A line break would begin another assignment.
            case .status(let text): "STATUS=\(String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 }))"
            }
        }
    }

    /// The variables that are meant for this process alone: its children must not get them.
    package static let variables: Set<String> = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

    /// Within what time systemd wants to hear ``News/watchdog`` again; ping at half of it. `nil`: it does not.
    package let watchdogInterval: Duration?
    private let socket: OwnedDescriptor
    private let address: [UInt8]

    private init(socket: consuming OwnedDescriptor, address: [UInt8], watchdogInterval: Duration?) {
        self.socket = socket
        self.address = address
        self.watchdogInterval = watchdogInterval
    }

    /// - Parameter environment: This process' own.
    /// - Returns: `nil` when nobody has asked for news.
    /// - Throws: `invalidRequest` when the address is no Unix socket's, `systemCallFailed`.
    package static func from(environment: [String: String]) throws(ProcessControlError) -> SystemdNotify? {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
        var path = Array(name.utf8)
        guard path.first == UInt8(ascii: "/") || path.first == UInt8(ascii: "@"), path.count > 1, path.count < 108,
            !path.contains(0)
        else {
            throw ProcessControlError(
                .invalidRequest,
                operation: "notify systemd at \(name)",
                reason: "NOTIFY_SOCKET must be an absolute path or an abstract name of at most 107 bytes"
            )
        }
        // An abstract name begins with a NUL and has no other; a path may have one at its end, and needs none.
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw ProcessControlError(.systemCallFailed, operation: "notify systemd", errno: errno)
        }
        let socket = OwnedDescriptor(owning: descriptor)
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        let interval = isForUs && microseconds > 0 ? Duration.microseconds(microseconds) : nil
        return SystemdNotify(socket: socket, address: path, watchdogInterval: interval)
    }

    /// Sends all of `news` at once. Never waits.
    ///
    /// - Throws: `systemCallFailed`; the service can go on without.
    package func send(_ news: News...) throws(ProcessControlError) {
        let message = Array(news.map(\.text).joined(separator: "\n").utf8)
        var destination = sockaddr_un()
        destination.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &destination.sun_path) { $0.copyBytes(from: address) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2) + socklen_t(address.count)
        let sent = withUnsafeBytes(of: &destination) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { pointer in
                sendto(
                    socket.rawValue,
                    message,
                    message.count,
                    Int32(MSG_NOSIGNAL | MSG_DONTWAIT),
                    pointer.baseAddress,
                    length
                )
            }
        }
        guard sent == message.count else {
            throw ProcessControlError(.systemCallFailed, operation: "notify systemd", errno: errno)
        }
    }
}
