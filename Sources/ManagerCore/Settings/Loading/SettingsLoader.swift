import Foundation
import Yams

/// Reads a configuration: the file, over it the `QUANTCELL_*` variables, over them the flags.
///
/// Every key can be given as a variable, as in `QUANTCELL_POOL_MIN_SIZE` for `pool.min_size`, except those in the lists of strategies
/// and feeds. `QUANTCELL_RUNTIME_DIR`, `QUANTCELL_DATA_DIR`, `QUANTCELL_LOG_LEVEL` and `QUANTCELL_LOG_FORMAT` stand for the key of that name in
/// `manager`. Relative paths start from the file's folder when they stand in the file, and from the working directory otherwise.
package enum SettingsLoader {
    /// More problems than this are not searched for.
    static let maxProblems = 100

    /// A flag of the command line.
    package struct Override: Sendable {
        /// The key, such as `manager.runtime_dir`.
        package let path: String
        /// The value, as it would be written in the file.
        package let value: String
        /// The flag's name for messages, such as `--runtime-dir`.
        package let flag: String

        /// Sets `path` to `value` on behalf of `flag`.
        package init(_ path: String, _ value: String, flag: String) {
            self.path = path
            self.value = value
            self.flag = flag
        }
    }

    /// Settings, and what of them somebody has said.
    package struct Loaded: Sendable {
        package let settings: Settings
        /// The paths of the keys that the file, a variable or a flag gives; all others have their defaults.
        package let givenKeys: Set<String>
    }

    /// Reads a file, or just the variables and flags when `file` is `nil`.
    ///
    /// - Throws: ``SettingsError`` with all problems that were found: the file cannot be read or is larger than 1 MiB, is not UTF-8 or
    ///   not YAML, has unknown keys, or values of the wrong type or out of range.
    package static func load(
        file: String?,
        environment: [String: String],
        overrides: [Override] = [],
        workingDirectory: String = FileManager.default.currentDirectoryPath
    ) throws(SettingsError) -> Settings {
        try read(
            file: file,
            environment: environment,
            overrides: overrides,
            workingDirectory: workingDirectory
        ).settings
    }

    /// As ``load(file:environment:overrides:workingDirectory:)``, with the keys that were given.
    static func read(
        file: String?,
        environment: [String: String],
        overrides: [Override],
        workingDirectory: String
    ) throws(SettingsError) -> Loaded {
        let text = if let file { try SettingsFile.read(file) } else { "" }
        return try read(
            text: text,
            fileName: file ?? "",
            environment: environment,
            overrides: overrides,
            workingDirectory: workingDirectory
        )
    }

    /// Reads a file's text. `fileName` is what messages call it, and its folder is where relative paths start from.
    ///
    /// - Throws: ``SettingsError`` with all problems that were found.
    package static func load(
        text: String,
        fileName: String,
        environment: [String: String],
        overrides: [Override] = [],
        workingDirectory: String = FileManager.default.currentDirectoryPath
    ) throws(SettingsError) -> Settings {
        try read(
            text: text,
            fileName: fileName,
            environment: environment,
            overrides: overrides,
            workingDirectory: workingDirectory
        ).settings
    }

    private static func read(
        text: String,
        fileName: String,
        environment: [String: String],
        overrides: [Override],
        workingDirectory: String
    ) throws(SettingsError) -> Loaded {
        let document = try SettingsDocument(text: text, source: fileName)
        let inputs = SettingsInputs(
            root: document.root,
            fileName: fileName,
            fileFolder: fileName.isEmpty
                ? workingDirectory : SettingsInputs.join("\(fileName)/..", to: workingDirectory, home: nil),
            workingDirectory: workingDirectory,
            environment: environment,
            overrides: overrides
        )
        return try decode(inputs)
    }

    /// Decodes, takes out what cannot be decoded, and decodes again, until all such values are known; then checks the rest.
    private static func decode(_ inputs: SettingsInputs) throws(SettingsError) -> Loaded {
        var rejected: Set<String> = []
        var problems: [SettingsError.Problem] = []
        let schema: SettingsSchema
        do { schema = try SettingsSchema() } catch { throw SettingsError([.init("\(error)")]) }

        while true {
            let merge = SettingsMerge(inputs, schema: schema, rejected: rejected)
            do {
                let settings = try YAMLDecoder().decode(Settings.self, from: merge.merged)
                problems += merge.problems
                // A value that was replaced by its default is not reported again for what the default is.
                let wrong = Set(problems.map(\.path))
                problems += settings.validate()
                    .filter { wrong.isDisjoint(with: SettingsPath.upwards(from: $0.path).dropLast()) }
                    .map(merge.place)
                if problems.isEmpty { return Loaded(settings: settings, givenKeys: Set(merge.places.keys)) }
            } catch {
                let problem = merge.place(SettingsError.Problem(decoding: error, in: merge))
                problems.append(problem)
                let value = SettingsPath.upwards(from: problem.path).first(where: merge.values.contains)
                if let value, problems.count < maxProblems, rejected.insert(value).inserted { continue }
                problems += merge.problems
            }
            throw SettingsError(sorted(problems))
        }
    }

    /// In the order of the file; what is not in the file comes first, and a line is not repeated.
    private static func sorted(_ problems: [SettingsError.Problem]) -> [SettingsError.Problem] {
        var seen: Set<SettingsError.Problem> = []
        return problems.prefix(maxProblems).filter { seen.insert($0).inserted }
            .sorted { ($0.line ?? 0, $0.column ?? 0, $0.path) < ($1.line ?? 0, $1.column ?? 0, $1.path) }
    }
}

extension SettingsError.Problem {
    /// A value that is not of its key's type.
    fileprivate init(decoding error: any Error, in merge: SettingsMerge) {
        let (context, expected): (DecodingError.Context, String)
        switch error as? DecodingError {
        case .typeMismatch(let type, let where_): (context, expected) = (where_, Self.name(of: type))
        case .dataCorrupted(let where_): (context, expected) = (where_, where_.debugDescription)
        default:
            self.init("\(error)")
            return
        }
        let path = context.codingPath.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        let found = SettingsPath.upwards(from: path).lazy.compactMap { merge.places[$0]?.node.shown }.first
        self.init("\(path) must be \(expected)\(found.map { ", not \($0)" } ?? "")", path: path)
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is any FixedWidthInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is Bool.Type: "true or false"
        case is Node.Sequence.Type: "a list"
        case is Node.Mapping.Type: "a mapping of keys"
        default: "a single value"
        }
    }
}
