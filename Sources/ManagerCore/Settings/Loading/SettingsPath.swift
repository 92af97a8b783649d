/// The path of a key, as in `strategies[0].name`.
enum SettingsPath {
    /// The path and those of the sections around it, the nearest first.
    static func upwards(from path: String) -> [String] {
        var paths = [path]
        while let end = paths.last?.lastIndex(where: { $0 == "." || $0 == "[" }) {
            paths.append(String(path[..<end]))
        }
        return path.isEmpty ? paths : paths + [""]
    }
}
