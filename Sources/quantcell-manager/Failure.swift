import ArgumentParser
import Glibc

/// An end that a person is told about, in plain lines, and the exit code that goes with it.
struct Failure: Error {
    /// The codes of sysexits.h that this program uses.
    enum Code: Int32 {
        /// The configuration is wrong.
        case config = 78
        /// The manager cannot work: an address in use, another manager, a journal that cannot be written.
        case unavailable = 69
    }

    let code: Code
    let text: String

    init(_ code: Code, _ error: any Error) {
        self.code = code
        text = "\(error)"
    }

    /// Prints the text and ends the process.
    func exit() -> Never {
        LineOutput.write(text, to: STDERR_FILENO)
        Glibc.exit(code.rawValue)
    }
}
