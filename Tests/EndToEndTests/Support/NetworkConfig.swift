import CLinux
import Glibc
import Testing

/// A configuration whose endpoints are TCP addresses first, which workers then use, and ipc second, for the test itself.
struct NetworkConfig {
    static let endpoints = ["data", "control", "status", "feed", "admin", "events", "history", "publish"]

    /// The port of `data`; the others follow.
    let port: Int
    private let runtime: String

    init(_ folder: TestFolder) throws {
        port = try Self.freePorts(Self.endpoints.count)
        runtime = "\(folder.path)/run"
    }

    func address(_ endpoint: String) throws -> String {
        "tcp://127.0.0.1:\(port + (try #require(Self.endpoints.firstIndex(of: endpoint))))"
    }

    func text(_ more: String = "", only names: [String] = endpoints) throws -> String {
        let lines = try names.map { "    \($0): ['\(try address($0))', 'ipc://\(runtime)/\($0).sock']" }
        return "manager:\n  endpoints:\n\(lines.joined(separator: "\n"))\n\(more)\n"
    }

    /// The first of so many ports in a row that nobody listens on now.
    private static func freePorts(_ count: Int) throws -> Int {
        for _ in 0..<1000 {
            let first = Int.random(in: 20_000..<32_000)
            if (0..<count).allSatisfy({ isFree(first + $0) }) { return first }
        }
        throw Waited("no free ports")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return withAddress(port) { bind(descriptor, $0, $1) == 0 }
    }

    /// Connects to a port of this machine, as a program does that knows nothing of ZeroMQ; -1 where that fails.
    static func connect(_ port: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        if withAddress(port, { Glibc.connect(descriptor, $0, $1) == 0 }) { return descriptor }
        close(descriptor)
        return -1
    }

    /// Listens on a port of this machine; -1 where another program does.
    static func listen(_ port: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        if withAddress(port, { bind(descriptor, $0, $1) == 0 }), Glibc.listen(descriptor, 1) == 0 { return descriptor }
        close(descriptor)
        return -1
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr = in_addr(s_addr: inet_addr("127.0.0.1"))
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
