import CLinux
import Glibc

extension ChildProcess {
    /// Starts a process.
    ///
    /// - Throws: `invalidRequest`, `outputUnavailable`, `workingDirectoryUnavailable` or `spawnFailed`; no process is
    ///   left behind then.
    package static func spawn(_ request: SpawnRequest) throws(ProcessControlError) -> ChildProcess {
        try request.validate()
        // Opened here rather than in the child: posix_spawn has one error number for whatever went wrong.
        let directory = try openWorkingDirectory(of: request)
        let output = try openOutput(of: request)
        var arguments = CStringArray([request.executable] + request.arguments)
        // In order of name, so that the same request always gives the same block.
        var environment = CStringArray(request.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })

        // A program that is somebody else's, or a compiler, is not in such haste as a thread of a loop that starts it.
        let slice = qc_swap_slice(0)
        defer { if slice > 0 { _ = qc_swap_slice(UInt64(slice)) } }
        let (status, pid) = ChildRegistry.register {
            var pid: pid_t = 0
            let status = withAttributes { attributes in
                withFileActions(directory: number(directory), output: number(output)) { actions in
                    arguments.withPointers { argv in
                        environment.withPointers { envp in
                            posix_spawn(&pid, request.executable, &actions, &attributes, argv, envp)
                        }
                    }
                }
            }
            return (status, pid)
        }
        guard status == 0 else {
            throw ProcessControlError(
                .spawnFailed,
                operation: "start \(request.executable)",
                errno: status,
                hint: hint(for: status, executable: request.executable)
            )
        }
        return try adopt(spawned: pid)
    }

    /// Takes hold of a child that has just been spawned and that nobody else can collect.
    private static func adopt(spawned pid: pid_t) throws(ProcessControlError) -> ChildProcess {
        do throws(ProcessControlError) {
            let descriptor = qc_pidfd_open(pid)
            guard descriptor >= 0 else {
                throw ProcessControlError(.spawnFailed, operation: "watch process \(pid)", errno: errno)
            }
            let pidfd = OwnedDescriptor(owning: descriptor)
            return ChildProcess(fingerprint: try ProcessFingerprint.read(pid: pid), pidfd: pidfd)
        } catch {
            // A child that cannot be watched must not run. SIGKILL ends the wait.
            kill(-pid, SIGKILL)
            while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
            ChildRegistry.remove(pid)
            throw error
        }
    }

    private static func openWorkingDirectory(of request: SpawnRequest) throws(ProcessControlError) -> OwnedDescriptor? {
        guard let path = request.workingDirectory else { return nil }
        do throws(OwnedDescriptor.OpenFailure) {
            return try OwnedDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        } catch {
            let operation = "use \(path) as the working directory of \(request.executable)"
            throw ProcessControlError(.workingDirectoryUnavailable, operation: operation, errno: error.errno)
        }
    }

    private static func openOutput(of request: SpawnRequest) throws(ProcessControlError) -> OwnedDescriptor? {
        let path: String
        switch request.output {
        case .append(let file): path = file
        case .discard: path = "/dev/null"
        case .inherit: return nil
        }
        do throws(OwnedDescriptor.OpenFailure) {
            return try OwnedDescriptor(opening: path, flags: O_WRONLY | O_APPEND | O_CREAT)
        } catch {
            let operation = "open \(path) for the output of \(request.executable)"
            throw ProcessControlError(.outputUnavailable, operation: operation, errno: error.errno)
        }
    }

    /// What to look at for the error numbers whose usual text misleads.
    private static func hint(for errno: Int32, executable: String) -> String? {
        switch errno {
        case ENOENT where access(executable, F_OK) == 0: "the interpreter or loader that it names is missing"
        case ENOEXEC: "neither a program for this machine nor a script with a #! line"
        case EACCES: "is it a file, executable, and in a folder that may be entered?"
        case E2BIG: "its arguments and environment are too long"
        default: nil
        }
    }

    private static func withAttributes(_ body: (inout posix_spawnattr_t) -> Int32) -> Int32 {
        var attributes = posix_spawnattr_t()
        let status = posix_spawnattr_init(&attributes)
        guard status == 0 else { return status }
        defer { posix_spawnattr_destroy(&attributes) }
        let failure = qc_spawn_set_detached(&attributes)
        return failure == 0 ? body(&attributes) : failure
    }

    private static func withFileActions(
        directory: Int32?,
        output: Int32?,
        _ body: (inout posix_spawn_file_actions_t) -> Int32
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        let status = posix_spawn_file_actions_init(&actions)
        guard status == 0 else { return status }
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The order matters when this process runs without standard descriptors, so that ours have numbers below 3:
        // each is used before its number is overwritten.
        return firstFailure(
            directory.map { qc_spawn_add_fchdir(&actions, $0) } ?? 0,
            output.map { posix_spawn_file_actions_adddup2(&actions, $0, STDOUT_FILENO) } ?? 0,
            output.map { posix_spawn_file_actions_adddup2(&actions, $0, STDERR_FILENO) } ?? 0,
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0),
            qc_spawn_add_close_from(&actions, STDERR_FILENO + 1)
        ) ?? body(&actions)
    }

    /// `descriptor?.rawValue` would consume, and so close it.
    private static func number(_ descriptor: borrowing OwnedDescriptor?) -> Int32? {
        switch descriptor {
        case .some(let descriptor): descriptor.rawValue
        case .none: nil
        }
    }

    private static func firstFailure(_ statuses: Int32...) -> Int32? {
        statuses.first { $0 != 0 }
    }
}
