internal import Foundation

/// Where a manager's configuration comes from, so that it can be read again.
package struct SettingsSource: Sendable {
    /// The file, absolute; `nil` without one.
    package let file: String?
    private let overrides: [SettingsLoader.Override]
    private let environment: [String: String]
    private let workingDirectory: String

    /// - Parameters:
    ///   - file: The file, relative to the working directory.
    ///   - overrides: What the command line says, which goes before the file.
    package init(
        file: String?,
        overrides: [SettingsLoader.Override],
        environment: [String: String] = ProcessEnvironment.current(),
        workingDirectory: String = FileManager.default.currentDirectoryPath
    ) {
        self.file = file.map { SettingsInputs.join($0, to: workingDirectory, home: nil) }
        self.overrides = overrides
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// Reads a file.
    ///
    /// - Throws: ``SettingsError`` with everything that is wrong.
    package func load(_ file: String?) throws(SettingsError) -> SettingsLoader.Loaded {
        try SettingsLoader.read(
            file: file,
            environment: environment,
            overrides: overrides,
            workingDirectory: workingDirectory
        )
    }
}
