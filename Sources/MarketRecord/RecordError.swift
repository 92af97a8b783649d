/// Why the record could not do something.
package struct RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, for a program.
    package enum Code: String, Hashable, Sendable {
        /// A file or its folder cannot be made, opened or mapped.
        case cannotOpen
        /// The file belongs to another program.
        case foreign
        /// The file was written by a newer version.
        case tooNew
        /// Another process holds the file.
        case locked
        /// There is no room left on the disk.
        case full
        /// The file or its folder cannot be written.
        case readOnly
        /// The file is damaged.
        case corrupt
        /// The record was stopped before.
        case closed
        /// What was asked for is beyond a limit, which the message names.
        case tooLarge
        /// A value that the table does not take.
        case refused
        /// Something else; the message says what.
        case failed
    }

    /// The kind of failure, for a program.
    package let code: Code
    /// What happened and what to do about it: one line, for a person.
    package let message: String

    /// The message.
    package var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
