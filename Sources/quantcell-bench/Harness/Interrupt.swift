import Glibc

/// Ends the processes of the measurement when a person ends this one.
enum Interrupt {
    private static let capacity = 1024
    // Written by one thread, read by the signal handler: a slot is a whole number that is there or 0.
    private nonisolated(unsafe) static let pids: UnsafeMutablePointer<pid_t> = {
        let pids = UnsafeMutablePointer<pid_t>.allocate(capacity: capacity)
        pids.initialize(repeating: 0, count: capacity)
        return pids
    }()

    /// Begins to catch the signals that end a program.
    static func install() {
        _ = pids
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                // A manager that gets SIGTERM stops its workers; the others just end.
                for index in 0..<Interrupt.capacity where Interrupt.pids[index] > 0 {
                    kill(Interrupt.pids[index], SIGTERM)
                }
                _exit(128 + number)
            }
        }
    }

    static func add(_ pid: pid_t) { replace(0, with: pid) }

    static func remove(_ pid: pid_t) { replace(pid, with: 0) }

    private static func replace(_ old: pid_t, with new: pid_t) {
        for index in 0..<capacity where pids[index] == old {
            pids[index] = new
            return
        }
    }
}
