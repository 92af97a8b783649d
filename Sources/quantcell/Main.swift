import ArgumentParser
import Glibc

/// The entry point: runs a command and turns its failure into one message and an exit code.
@main
enum Main {
    static func main() {
        // A reader that goes away, as in `quantcell journal | head`, shows as EPIPE, which ends the program quietly.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Quantcell.parseAsRoot()
            try command.run()
        } catch let failure as CommandFailure {
            if let message = failure.message { Diagnostics.print(message) }
            Glibc.exit(failure.status)
        } catch {
            Quantcell.exit(withError: error)
        }
    }
}
