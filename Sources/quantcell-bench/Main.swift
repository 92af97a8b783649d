import ArgumentParser
@preconcurrency import Glibc

/// The entry point. The floors of the measurements are other processes of this program, which need no command line of their own.
@main
enum Main {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments
        do {
            if arguments.count > 2, arguments[1] == Role.argument {
                try Role.run(arguments[2], Array(arguments.dropFirst(3)))
                return
            }
            Interrupt.install()
            var command = try QuantcellBench.parseAsRoot()
            try command.run()
        } catch let failure as BenchError {
            fputs("quantcell-bench: \(failure)\n", stderr)
            Glibc.exit(70)
        } catch {
            QuantcellBench.exit(withError: error)
        }
    }
}
