import ArgumentParser
import ManagerCore

/// Flags that go before variables, which go before the configuration file.
struct ConfigOptions: ParsableArguments {
    @Option(
        help:
            "Folder of the sockets (default: QUANTCELL_RUNTIME_DIR, else below XDG_RUNTIME_DIR or the temporary folder)."
    )
    var runtimeDir: String?

    @Option(
        help:
            "Folder of journal, sequences, logs and compiled strategies (default: QUANTCELL_DATA_DIR, else below XDG_DATA_HOME)."
    )
    var dataDir: String?

    @Option(help: ArgumentHelp("How the log is written: text or json.", valueName: "text|json"))
    var logFormat: String?

    @Option(help: ArgumentHelp("The least that is logged.", valueName: "trace|debug|info|notice|warning|error"))
    var logLevel: String?

    /// Where the settings come from: the file, with these flags and the environment in front of it.
    func source(_ file: String?) -> SettingsSource {
        SettingsSource(file: file, overrides: overrides)
    }

    /// The settings of a file, with these flags and the environment in front of it.
    func load(_ file: String?) throws -> SettingsLoader.Loaded {
        do {
            return try source(file).load(file)
        } catch {
            throw Failure(.config, error)
        }
    }

    private var overrides: [SettingsLoader.Override] {
        let flags: [(path: String, value: String?, flag: String)] = [
            ("manager.runtime_dir", runtimeDir, "--runtime-dir"),
            ("manager.data_dir", dataDir, "--data-dir"),
            ("manager.log_format", logFormat, "--log-format"),
            ("manager.log_level", logLevel, "--log-level"),
        ]
        return flags.compactMap { flag in
            flag.value.map { SettingsLoader.Override(flag.path, $0, flag: flag.flag) }
        }
    }
}
