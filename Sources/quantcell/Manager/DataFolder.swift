/// The data folder of a manager that need not run.
struct DataFolder {
    /// Absolute path.
    let path: String

    /// Finds the folder by the rule that the manager uses too.
    init(
        flag: String?,
        environment: (String) -> String? = Environment.value,
        workingFolder: String = Path.workingFolder()
    ) throws(CommandFailure) {
        func base(_ variable: String) -> String? {
            environment(variable).flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let given = [flag, environment("QUANTCELL_DATA_DIR")].compactMap(\.self).first { !$0.isEmpty }
        let standard = base("XDG_DATA_HOME") ?? base("HOME").map { "\($0)/.local/share" }
        guard let folder = given ?? standard.map({ "\($0)/quantcell" }) else {
            throw .noInput("--data-dir must be given, since HOME is not set")
        }
        path = Path.absolute(folder, from: workingFolder, home: environment("HOME"))
    }

    /// The journal's file, unless the configuration names another.
    var journal: String { Path.join(path, "journal.db") }
}
