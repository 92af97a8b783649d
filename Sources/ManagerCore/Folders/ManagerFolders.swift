internal import CLinux
internal import Glibc
internal import WireProtocol

/// The folders that a running manager holds: made, checked and locked against a second one.
struct ManagerFolders: ~Copyable {
    private let runtimeLock: Int32
    /// `nil` where both are one folder.
    private let dataLock: Int32?
    private let folders: Folders

    var logs: String { "\(folders.data)/logs" }
    var compiled: String { "\(folders.data)/compiled" }
    var ledger: String { "\(folders.data)/sequences" }
    private var endpointsFile: String { "\(folders.runtime)/endpoints.json" }

    /// Makes the folders with mode 0700 where they are missing, closes them to others, and locks them. Only the data folder keeps
    /// the mode that it has: what is in it is closed.
    ///
    /// - Throws: ``ManagerError`` when one cannot be made, belongs to somebody else, or another manager has it.
    init(_ folders: Folders) throws(ManagerError) {
        let runtime = try Self.make(folders.runtime)
        try Self.closeToOthers(folders.runtime, runtime)
        let data = try Self.make(folders.data)
        for path in ["\(folders.data)/logs", "\(folders.data)/compiled"] {
            try Self.closeToOthers(path, try Self.make(path))
        }
        let runtimeLock = try Self.lock(folders.runtime)
        let dataLock: Int32?
        do {
            // By identity: one folder may have several names, and would be locked against itself.
            let isOne = runtime.st_dev == data.st_dev && runtime.st_ino == data.st_ino
            dataLock = isOne ? nil : try Self.lock(folders.data)
        } catch {
            Self.unlock(runtimeLock)
            throw error
        }
        self.folders = folders
        self.runtimeLock = runtimeLock
        self.dataLock = dataLock
    }

    deinit {
        unlink("\(folders.runtime)/endpoints.json")
        if let dataLock { Self.unlock(dataLock) }
        Self.unlock(runtimeLock)
    }

    /// Writes where the manager listens, for the command line and other clients.
    ///
    /// - Throws: ``ManagerError``
    func announce(_ endpoints: Endpoints) throws(ManagerError) {
        let temporary = endpointsFile + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("write \(temporary)") }
        defer { close(descriptor) }
        let bytes = Array((endpoints.json.text + "\n").utf8)
        // By renaming, so that a reader sees the whole file or none.
        guard write(descriptor, bytes, bytes.count) == bytes.count, rename(temporary, endpointsFile) == 0 else {
            throw Self.failure("write \(endpointsFile)")
        }
    }

    private static func make(_ path: String) throws(ManagerError) -> stat {
        var built = ""
        for part in path.split(separator: "/") {
            built += "/\(part)"
            guard mkdir(built, 0o700) == 0 || errno == EEXIST else { throw failure("make the folder \(built)") }
        }
        var info = stat()
        guard stat(path, &info) == 0 else { throw failure("look at the folder \(path)") }
        guard info.st_mode & S_IFMT == S_IFDIR else {
            throw ManagerError(.serviceUnavailable, "\(path) is not a folder")
        }
        guard info.st_uid == geteuid() else {
            throw ManagerError(
                .serviceUnavailable,
                "the folder \(path) belongs to user \(info.st_uid), not to \(geteuid()); choose another with --runtime-dir or --data-dir"
            )
        }
        return info
    }

    /// Takes every right on a folder of ours from group and others.
    private static func closeToOthers(_ path: String, _ info: stat) throws(ManagerError) {
        guard info.st_mode & 0o077 != 0 else { return }
        // A folder that is meant for everybody, such as /tmp for root, is not ours to close.
        guard info.st_mode & S_ISVTX == 0 else {
            throw ManagerError(.serviceUnavailable, "\(path) is shared by all users; choose a folder below it")
        }
        guard chmod(path, 0o700) == 0 else { throw failure("close the folder \(path) to others") }
    }

    private static func lock(_ folder: String) throws(ManagerError) -> Int32 {
        let path = "\(folder)/manager.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        guard qc_flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = read(descriptor, &buffer, buffer.count)
            close(descriptor)
            let holder = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self).filter(\.isNumber)
            throw ManagerError(
                .conflict,
                "another manager (process \(holder.isEmpty ? "?" : holder)) runs on \(folder); stop it, or choose other folders with --runtime-dir and --data-dir"
            )
        }
        let pid = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, write(descriptor, pid, pid.count) == pid.count else {
            let error = failure("write \(path)")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Not by closing alone: a child of another thread that has not come to its exec yet holds the open file, too.
    private static func unlock(_ descriptor: Int32) {
        _ = qc_flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func failure(_ operation: String) -> ManagerError {
        let reason = String(cString: strerror(errno))
        return ManagerError(
            .serviceUnavailable,
            "cannot \(operation): \(reason); choose other folders with --runtime-dir and --data-dir"
        )
    }
}

extension Endpoints {
    /// Every endpoint's addresses, by name.
    var json: JSONValue {
        func list(_ addresses: [String]) -> JSONValue { .array(addresses.map(JSONValue.string)) }
        return [
            "data": list(data), "control": list(control), "status": list(status), "feed": list(feed),
            "admin": list(admin), "events": list(events), "history": list(history), "publish": list(publish),
        ]
    }
}
