/// A configuration that cannot be used, with everything that is wrong with it.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in the order of the file; never empty.
    public let problems: [Problem]

    package init(_ problems: [Problem]) {
        self.problems = problems
    }

    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }

    /// One thing that is wrong.
    public struct Problem: Hashable, Sendable, CustomStringConvertible {
        /// What is wrong and what would be right.
        public var message: String
        /// Where the value comes from: a file's name, an environment variable or a flag; `nil` for a value set in code.
        public var source: String?
        /// Line in the file, from 1.
        public var line: Int?
        /// Column in the file, in Unicode scalars, from 1.
        public var column: Int?
        /// The key, as in `strategies[0].name`; empty for the file as a whole.
        public var path: String

        package init(_ message: String, path: String = "", source: String? = nil, line: Int? = nil, column: Int? = nil)
        {
            self.message = message
            self.path = path
            self.source = source
            self.line = line
            self.column = column
        }

        /// One line, as compilers write it: `config/quantcell.yaml:3:5: unknown key …`.
        public var description: String {
            var place = source ?? ""
            if let line, let column { place += ":\(line):\(column)" }
            return place.isEmpty ? message : "\(place): \(message)"
        }
    }
}
