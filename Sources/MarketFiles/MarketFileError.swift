/// Why a market-data file cannot be read at all. A single row that is wrong is a ``BadRow`` instead.
package struct MarketFileError: Error, Hashable, CustomStringConvertible {
    /// What went wrong.
    package struct Code: Hashable, Sendable {
        private enum Value: Hashable {
            case missing
            case isFolder
            case unreadable
            case empty
            case notText
            case badHeader
            case noHeader
            case missingColumns
            case ambiguousColumn
            case unsupported
            case readFailed
        }

        private let value: Value

        /// There is no file at the path.
        package static let missing = Code(value: .missing)
        /// The path names a folder.
        package static let isFolder = Code(value: .isFolder)
        /// The file cannot be opened, or is no regular file.
        package static let unreadable = Code(value: .unreadable)
        /// The file holds no line with text.
        package static let empty = Code(value: .empty)
        /// The file is not UTF-8 text: compressed, binary or UTF-16.
        package static let notText = Code(value: .notText)
        /// The first line cannot be split into fields.
        package static let badHeader = Code(value: .badHeader)
        /// The first line holds data and no columns were given.
        package static let noHeader = Code(value: .noHeader)
        /// Columns that the kind of data needs are not there.
        package static let missingColumns = Code(value: .missingColumns)
        /// Two columns have the name of one that is wanted.
        package static let ambiguousColumn = Code(value: .ambiguousColumn)
        /// The file format cannot carry what was asked for.
        package static let unsupported = Code(value: .unsupported)
        /// The system reported an error while the file was read.
        package static let readFailed = Code(value: .readFailed)
    }

    /// What went wrong, for a program.
    package let code: Code
    /// What went wrong and what can be done about it, for a person: one sentence that names the file.
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
