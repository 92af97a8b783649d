import Glibc
import WorkerRuntime

exit(WorkerProgram.run())
