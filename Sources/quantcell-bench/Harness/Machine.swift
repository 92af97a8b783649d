import CZeroMQ
import Glibc
import WireProtocol

/// What the figures were taken on.
struct Machine {
    let processor: String
    let cores: Int
    let kernel: String
    let memoryBytes: Int64
    let libzmq: String
    /// Processes that were running or waiting for a core, on average over the last minute, before anything was measured.
    let load: Double

    init() {
        let lines = (try? Files.read("/proc/cpuinfo"))?.split(separator: "\n") ?? []
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        processor = model.map { String($0.drop { $0 == " " }) } ?? "unknown processor"
        cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        kernel =
            (try? Files.read("/proc/sys/kernel/osrelease").split(separator: "\n").first).flatMap { $0 }.map(String.init)
            ?? "?"
        memoryBytes = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        var version: (Int32, Int32, Int32) = (0, 0, 0)
        zmq_version(&version.0, &version.1, &version.2)
        libzmq = "\(version.0).\(version.1).\(version.2)"
        load = Self.load
    }

    /// The load of the last minute.
    static var load: Double {
        (try? Files.read("/proc/loadavg").split(separator: " ").first).flatMap { $0 }.flatMap { Double($0) } ?? .nan
    }

    var text: String {
        "\(processor), \(cores) cores, \(memoryBytes >> 30) GiB, Linux \(kernel), libzmq \(libzmq)"
    }

    var json: JSONValue {
        [
            "processor": .string(processor), "cores": .integer(Int64(cores)), "memory_bytes": .integer(memoryBytes),
            "kernel": .string(kernel), "libzmq": .string(libzmq),
        ]
    }
}
