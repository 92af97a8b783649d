import Yams

/// Where values come from, in the order of their weight: flags, `QUANTCELL_*` variables, the file.
struct SettingsInputs {
    /// The file's top; `nil` without a file, or for an empty one.
    var root: Node?
    /// The file's name as it was given, for messages.
    var fileName = ""
    /// The folder that relative paths in the file start from.
    var fileFolder = ""
    /// The folder that relative paths in variables and flags start from.
    var workingDirectory: String
    var environment: [String: String]
    var overrides: [SettingsLoader.Override]

    /// Variables with a name of their own, beside the one by the rule.
    private static let shortNames = [
        "manager.runtime_dir": "QUANTCELL_RUNTIME_DIR",
        "manager.data_dir": "QUANTCELL_DATA_DIR",
        "manager.log_level": "QUANTCELL_LOG_LEVEL",
        "manager.log_format": "QUANTCELL_LOG_FORMAT",
    ]

    /// The keys that hold a file or a folder.
    private static let pathKeys: Set<String> = [
        "runtime_dir", "data_dir", "kit_dir", "keys_dir", "swiftc", "python", "path", "unix_socket", "certificate",
        "key",
        "dashboard_dir",
        "strategy_dirs",
    ]
    /// Those of them that may also be a name to look for in `PATH`.
    private static let nameKeys: Set<String> = ["swiftc", "python"]

    /// The variable of a key: `QUANTCELL_POOL_MIN_SIZE` for `pool.min_size`.
    static func variable(for path: String) -> String {
        "QUANTCELL_" + path.uppercased().split(separator: ".").joined(separator: "_")
    }

    /// What a flag or a variable says about a key, and its name. An empty variable counts as not set.
    func text(for path: String) -> (text: String, source: String)? {
        if let override = overrides.last(where: { $0.path == path }) { return (override.value, override.flag) }
        for name in [Self.shortNames[path], Self.variable(for: path)].compactMap(\.self) {
            if let text = environment[name], !text.isEmpty { return (text, name) }
        }
        return nil
    }

    /// The value with a relative path made absolute, where `path` is the key of one.
    ///
    /// A worker runs in a folder of its own: a relative path would mean another file there.
    func absolute(_ node: Node, at path: String, fromFile: Bool) -> Node {
        guard let key = path.split(separator: ".").last.map(String.init), Self.pathKeys.contains(key) else {
            return node
        }
        if let elements = node.sequence { return Node(elements.map { absolute($0, at: path, fromFile: fromFile) }) }
        guard let text = node.scalar?.string, !text.isEmpty, !Self.nameKeys.contains(key) || text.contains("/")
        else { return node }
        let folder = fromFile ? fileFolder : workingDirectory
        return Node(Self.join(text, to: folder, home: environment["HOME"]))
    }

    /// An absolute path without `.` and `..`; `~/` stands for the home folder.
    static func join(_ path: String, to folder: String, home: String?) -> String {
        var whole = path.hasPrefix("/") ? path : "\(folder)/\(path)"
        if path.hasPrefix("~/"), let home { whole = home + path.dropFirst() }
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
