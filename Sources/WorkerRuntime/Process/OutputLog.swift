import CLinux
@preconcurrency import Glibc
import StrategyKit
import Synchronization

/// The file that standard output and standard error go to. When somebody renames it, as a rotation does, a new one takes its place.
final class OutputLog: Sendable {
    private struct File {
        let path: String
        var device: dev_t
        var inode: ino_t
        var hasFailed = false
    }

    private let file = Mutex<File?>(nil)

    /// Sends standard output and standard error to the end of a file, which only the user may read.
    func open(_ path: String) throws(WorkerFailure) {
        let new = try Self.redirect(to: path)
        file.withLock { $0 = new }
    }

    /// Goes over to a new file where there is another, or none, at the path by now. Every line is whole in one of the two.
    func follow() {
        let complaint = file.withLock { file -> String? in
            guard let current = file else { return nil }
            var info = stat()
            if stat(current.path, &info) == 0, info.st_dev == current.device, info.st_ino == current.inode {
                return nil
            }
            // Whoever holds the lock is printing a line; the next look will do. A thread that is stuck in it must not stop this one.
            guard ftrylockfile(stdout) == 0 else { return nil }
            defer { funlockfile(stdout) }
            guard qc_stdout_pending() == 0 else { return nil }
            do {
                file = try Self.redirect(to: current.path)
                return nil
            } catch {
                file?.hasFailed = true
                return current.hasFailed ? nil : "\(error)"
            }
        }
        if let complaint { LogLine.write(.error, "log", complaint) }
    }

    private static func redirect(to path: String) throws(WorkerFailure) -> File {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, dup2(descriptor, 1) == 1, dup2(descriptor, 2) == 2 else {
            throw failure(path)
        }
        return File(path: path, device: info.st_dev, inode: info.st_ino)
    }

    private static func failure(_ path: String) -> WorkerFailure {
        WorkerFailure("cannot write the log \(path): \(String(cString: strerror(errno)))")
    }
}
