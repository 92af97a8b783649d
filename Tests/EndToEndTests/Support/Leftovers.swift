import CLinux
import Foundation
import Glibc

/// Processes that belong to a test, found by what their environment says.
enum Leftovers {
    /// The processes in whose environment `text` stands, with their command lines; zombies have none.
    static func processes(with text: String) -> [(pid: Int32, command: String)] {
        let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return pids.filter { $0 != getpid() && contents("/proc/\($0)/environ").contains(text) }.map { pid in
            (pid, contents("/proc/\(pid)/cmdline").replacing("\0", with: " "))
        }
    }

    /// The processes among them that host strategies, or wait for one; not those that beat for them.
    static func hosts(with text: String) -> [Int32] {
        let hosts = processes(with: text).filter {
            $0.command.contains("quantcell-worker") || $0.command.contains("quantcell.worker")
        }
        let pids = Set(hosts.map { "\($0.pid)" })
        return hosts.map(\.pid).filter { !pids.contains(Processes.status($0)["PPid"] ?? "") }
    }

    /// Ends a process that is nobody's child here, and returns when it is gone.
    static func end(_ pid: Int32) {
        let pidfd = qc_pidfd_open(pid)
        guard pidfd >= 0 else { return }
        defer { close(pidfd) }
        qc_pidfd_send_signal(pidfd, SIGKILL)
        _ = Deadline().wait(for: pidfd)
    }

    private static func contents(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
