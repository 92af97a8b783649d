/// What to start, and in which surroundings. Nothing is inherited but what this says.
///
/// The child gets a session and process group of its own, default signal handling, an empty signal mask, `/dev/null` as
/// standard input and no descriptor beyond the three standard ones.
package struct SpawnRequest: Hashable, Sendable {
    /// Where standard output and standard error go, both to the same place.
    package enum Output: Hashable, Sendable {
        /// To the end of the file at this path, which is created with mode 0600 when it is missing.
        case append(path: String)
        /// To `/dev/null`.
        case discard
        /// Where this process' own go.
        case inherit
    }

    /// The absolute path of the executable.
    package var executable: String
    /// The arguments, without `argv[0]`, which is the executable's path.
    package var arguments: [String]
    /// The whole environment.
    package var environment: [String: String]
    /// The child's working directory; `nil` means this process' own.
    package var workingDirectory: String?
    /// Where standard output and standard error go.
    package var output: Output

    package init(
        executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        workingDirectory: String? = nil,
        output: Output
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.output = output
    }

    /// Refuses what C would silently cut short or misread.
    func validate() throws(ProcessControlError) {
        let operation = "start \(executable)"
        func refuse(_ reason: String) -> ProcessControlError {
            ProcessControlError(.invalidRequest, operation: operation, reason: reason)
        }
        guard executable.hasPrefix("/") else {
            throw refuse("the path of an executable must be absolute")
        }
        var strings = [executable] + arguments + environment.keys + environment.values
        strings += workingDirectory.map { [$0] } ?? []
        if case .append(let path) = output { strings.append(path) }
        guard !strings.contains(where: { $0.utf8.contains(0) }) else {
            throw refuse("a path, argument or variable contains a NUL byte")
        }
        if let name = environment.keys.first(where: { $0.isEmpty || $0.utf8.contains(UInt8(ascii: "=")) }) {
            throw refuse("\"\(name)\" cannot be the name of an environment variable")
        }
    }
}
