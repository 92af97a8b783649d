import Glibc
import WireProtocol

/// The addresses of a manager's sockets.
struct Endpoints {
    /// A socket that the command line uses.
    enum Name: String {
        case admin
        case feed
        case events
        case publish
        case history
    }

    /// The order of the ports, from that of `data` on.
    private static let ports = ["data", "control", "status", "feed", "admin", "events", "history", "publish"]

    /// Whether the manager was named by its address.
    let isElsewhere: Bool
    private let folder: String
    private let addresses: JSONValue?

    /// Reads the folder's `endpoints.json`, which a manager writes; without it the addresses are the default ones.
    ///
    /// - Throws: ``CommandFailure`` when the file is there but cannot be used.
    init(_ folder: ManagerFolder) throws(CommandFailure) {
        self.folder = folder.path
        isElsewhere = false
        let path = Path.join(folder.path, "endpoints.json")
        guard access(path, F_OK) == 0 else {
            addresses = nil
            return
        }
        let text = try InputFile.text(at: path)
        do {
            addresses = try JSONValue(parsing: text)
        } catch {
            throw .unavailable("\(path) is damaged (\(error)); restart the manager")
        }
    }

    /// The endpoints of a manager at `tcp://HOST[:PORT]`, with PORT that of `data` and the others behind it.
    ///
    /// - Throws: ``CommandFailure`` when it is no such address.
    init(connecting address: String) throws(CommandFailure) {
        let target = address.hasPrefix("tcp://") ? String(address.dropFirst(6)) : ""
        let hasPort = target.hasSuffix("]") ? false : target.contains(":")
        guard let (host, portText) = SocketProbe.hostAndPort(hasPort ? target : "\(target):5555"),
            let port = UInt16(portText), port > 0, Int(port) + Self.ports.count <= 65_536
        else { throw .badUsage("'\(address)' must be tcp://HOST or tcp://HOST:PORT, such as tcp://10.0.0.5") }
        let name = host.contains(":") ? "[\(host)]" : host
        var all: [String: JSONValue] = [:]
        for (index, endpoint) in Self.ports.enumerated() {
            all[endpoint] = .array([.string("tcp://\(name):\(Int(port) + index)")])
        }
        isElsewhere = true
        folder = ""
        addresses = .object(all)
    }

    /// The address to connect to.
    func address(_ name: Name) -> String {
        let given = addresses?[name.rawValue]?.stringArrayValue ?? []
        let chosen = given.first { $0.hasPrefix("ipc://") } ?? given.first
        return Self.connectable(chosen ?? "ipc://\(folder)/\(name.rawValue).sock")
    }

    /// What to connect to where somebody is bound to all interfaces.
    static func connectable(_ address: String) -> String {
        for (all, loopback) in [
            ("tcp://*:", "tcp://127.0.0.1:"), ("tcp://0.0.0.0:", "tcp://127.0.0.1:"), ("tcp://[::]:", "tcp://[::1]:"),
        ]
        where address.hasPrefix(all) {
            return loopback + address.dropFirst(all.count)
        }
        return address
    }
}
