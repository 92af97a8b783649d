import Glibc
import ProcessControl
import WorkerRuntime

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == LaunchStep.mode {
    // Not a worker, but the step that turns this process into a program of somebody else's.
    exit(LaunchStep.run(arguments: arguments))
}
exit(WorkerProgram.run())
