/// Why the journal could not do something.
public struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, for a program.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case cannotOpen, foreign, tooNew, locked, full, readOnly, corrupt, closed, overloaded, failed
        }

        private let value: Value

        /// The code's name.
        public var description: String { value.rawValue }

        /// The file or its folder cannot be made or opened.
        public static let cannotOpen = Code(value: .cannotOpen)
        /// The file is a database of some other program.
        public static let foreign = Code(value: .foreign)
        /// The file was written by a newer version.
        public static let tooNew = Code(value: .tooNew)
        /// Another process holds the file.
        public static let locked = Code(value: .locked)
        /// There is no room left.
        public static let full = Code(value: .full)
        /// The file or its folder cannot be written.
        public static let readOnly = Code(value: .readOnly)
        /// The file is damaged, or no database at all.
        public static let corrupt = Code(value: .corrupt)
        /// The journal was closed before.
        public static let closed = Code(value: .closed)
        /// More is waiting to be written than the journal takes.
        public static let overloaded = Code(value: .overloaded)
        /// Something else; the message says what.
        public static let failed = Code(value: .failed)
    }

    /// The kind of failure, for a program.
    public let code: Code
    /// What happened and what to do about it: one line, for a person.
    public let message: String

    /// The message.
    public var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
