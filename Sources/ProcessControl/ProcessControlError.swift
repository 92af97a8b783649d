import Glibc

/// Why a process could not be started, signalled, collected or looked at.
package struct ProcessControlError: Error, Sendable {
    /// What kind of failure it is, for programs; new ones may be added.
    package struct Code: Hashable, Sendable {
        private enum Value {
            case invalidRequest
            case spawnFailed
            case outputUnavailable
            case workingDirectoryUnavailable
            case alreadyReaped
            case noSuchProcess
            case identityMismatch
            case limitNotApplied
            case controlGroupFailed
            case systemCallFailed
        }

        private let value: Value

        /// The request itself cannot be carried out, such as a relative path or a NUL byte in an argument.
        package static let invalidRequest = Code(value: .invalidRequest)
        /// The executable could not be started.
        package static let spawnFailed = Code(value: .spawnFailed)
        /// The file for the output could not be opened.
        package static let outputUnavailable = Code(value: .outputUnavailable)
        /// The working directory could not be opened.
        package static let workingDirectoryUnavailable = Code(value: .workingDirectoryUnavailable)
        /// The child has been collected, so that its pid may belong to somebody else by now.
        package static let alreadyReaped = Code(value: .alreadyReaped)
        /// There is no process with that pid.
        package static let noSuchProcess = Code(value: .noSuchProcess)
        /// The process that has the pid is not the one that was meant.
        package static let identityMismatch = Code(value: .identityMismatch)
        /// A limit could not be set, or the kernel did not take it as it was given. The message names it.
        package static let limitNotApplied = Code(value: .limitNotApplied)
        /// A control group could not be made, joined, limited or removed.
        package static let controlGroupFailed = Code(value: .controlGroupFailed)
        /// The system refused for a reason that `errno` names.
        package static let systemCallFailed = Code(value: .systemCallFailed)
    }

    /// What kind of failure it is.
    package let code: Code
    /// What was attempted, such as `start /x/y`.
    package let operation: String
    /// The system's error number, when the system refused.
    package let errno: Int32?
    /// The whole story in one line, for a person.
    package let message: String

    /// A failure that we found ourselves.
    init(_ code: Code, operation: String, reason: String) {
        self.code = code
        self.operation = operation
        self.errno = nil
        self.message = "cannot \(operation): \(reason)"
    }

    /// A failure that the system reported, with what to do about it where that is known.
    init(_ code: Code, operation: String, errno: Int32, hint: String? = nil) {
        self.code = code
        self.operation = operation
        self.errno = errno
        self.message = "cannot \(operation): " + String(cString: strerror(errno)) + (hint.map { " (\($0))" } ?? "")
    }
}

extension ProcessControlError: CustomStringConvertible {
    package var description: String { message }
}
