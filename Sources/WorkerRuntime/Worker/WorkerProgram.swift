import CLinux
@preconcurrency import Glibc

/// The program `quantcell-worker`.
package enum WorkerProgram {
    /// Runs a worker until it is told to stop.
    ///
    /// - Returns: the exit code: 0 after a stop, 64 when the environment is not what a manager provides, 70 when the sockets fail,
    ///   78 when the strategy was refused.
    package static func run() -> Int32 {
        // Cannot fail on a kernel that has it, which is every one since 3.5.
        qc_set_no_new_privileges()
        // What a strategy prints shall be in the log when it prints it.
        setvbuf(stdout, nil, _IOLBF, 0)
        do {
            let environment = try WorkerEnvironment { name in getenv(name).map { String(cString: $0) } }
            setTitle(environment.workerID)
            return try Worker(environment, stopDescriptor: StopRequest.install()).run()
        } catch let error as WorkerEnvironment.Invalid {
            complain(error)
            return 64
        } catch {
            complain(error)
            return 70
        }
    }

    /// Names the process as `ps` and `top` show it, up to 15 bytes.
    static func setTitle(_ workerID: String) {
        qc_set_thread_name("qc:\(workerID)")
    }

    private static func complain(_ error: any Error) {
        fputs("quantcell-worker: \(error)\n", stderr)
    }
}
