import AllocationCounter
@preconcurrency import Glibc
import WorkerRuntime

/// Counts what the broker's path and the worker's path allocate for a message, with a real manager, a real worker, and all of the sockets and
/// the shared memory between them. The exit code is 1 where it is not nothing.
///
/// It is two programs: what a person starts, which has the manager inside, and that manager's worker. In both, the C library's allocation
/// functions are counted; libzmq's own calls are told apart by where they come from.
@main
enum Main {
    static func main() {
        ac_watch()
        if getenv("QUANTCELL_IDENTITY") != nil { exit(WorkerProgram.run()) }
        Task { exit(await check()) }
        while true { pause() }
    }

    private static func check() async -> Int32 {
        do {
            var report = Report()
            for scene in Scene.all {
                report.add(scene, try await Rig.run(scene))
            }
            print(report.text)
            return report.isGood ? 0 : 1
        } catch {
            fputs("AllocationCheck: \(error)\n", stderr)
            return 70
        }
    }
}
