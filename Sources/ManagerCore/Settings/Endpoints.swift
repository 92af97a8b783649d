/// The addresses that the manager binds its sockets to; at least one for each.
package struct Endpoints: Hashable, Sendable {
    /// PUB, market data to workers.
    package let data: [String]
    /// ROUTER, commands to workers.
    package let control: [String]
    /// PULL, heartbeats and signals from workers.
    package let status: [String]
    /// PULL, market data from publishers.
    package let feed: [String]
    /// ROUTER, the command line.
    package let admin: [String]
    /// PUB, events to tools.
    package let events: [String]
    /// ROUTER, recorded market data to workers.
    package let history: [String]
    /// ROUTER, market data from publishers that want to know what is on disk.
    package let publish: [String]

    /// The longest path of a socket: `sun_path` holds 108 bytes, one of them for the end.
    private static let maxSocketPath = 107

    /// The configured addresses, and for an endpoint without one `ipc` in the runtime folder or, in TCP mode, its port on the
    /// loopback interface.
    ///
    /// - Throws: ``SettingsError`` when the path of a socket is too long for the kernel.
    package static func resolve(settings: Settings, folders: Folders) throws(SettingsError) -> Endpoints {
        var problems: [SettingsError.Problem] = []
        func addresses(_ configured: [String], _ name: String, _ port: Int) -> [String] {
            let standard =
                settings.manager.tcpMode ? "tcp://127.0.0.1:\(port)" : "ipc://\(folders.runtime)/\(name).sock"
            let addresses = configured.isEmpty ? [standard] : configured
            for address in addresses where address.hasPrefix("ipc://") {
                let path = address.dropFirst(6)
                guard path.utf8.count > maxSocketPath else { continue }
                // One long folder makes eight long paths; one line is enough to say so.
                if configured.isEmpty, problems.contains(where: { $0.message.contains(folders.runtime) }) { continue }
                problems.append(
                    .init(
                        "the socket path \(path) is \(path.utf8.count) bytes long, and the system allows \(maxSocketPath); "
                            + "choose a shorter --runtime-dir",
                        path: "manager.endpoints.\(name)"
                    )
                )
            }
            return addresses
        }
        let configured = settings.manager.endpoints
        let endpoints = Endpoints(
            data: addresses(configured.data, "data", 5555),
            control: addresses(configured.control, "control", 5556),
            status: addresses(configured.status, "status", 5557),
            feed: addresses(configured.feed, "feed", 5558),
            admin: addresses(configured.admin, "admin", 5559),
            events: addresses(configured.events, "events", 5560),
            history: addresses(configured.history, "history", 5561),
            publish: addresses(configured.publish, "publish", 5562)
        )
        if !problems.isEmpty { throw SettingsError(problems) }
        return endpoints
    }
}
