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

    private let folder: ManagerFolder
    private let addresses: JSONValue?

    /// Reads the folder's `endpoints.json`, which a manager writes; without it the addresses are the default ones.
    ///
    /// - Throws: ``CommandFailure`` when the file is there but cannot be used.
    init(_ folder: ManagerFolder) throws(CommandFailure) {
        self.folder = folder
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

    /// The address to connect to.
    func address(_ name: Name) -> String {
        let given = addresses?[name.rawValue]?.stringArrayValue ?? []
        let chosen = given.first { $0.hasPrefix("ipc://") } ?? given.first
        return Self.connectable(chosen ?? "ipc://\(folder.path)/\(name.rawValue).sock")
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
