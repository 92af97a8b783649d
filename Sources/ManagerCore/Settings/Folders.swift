import WireProtocol

/// The folders and files that the manager uses, as absolute paths.
package struct Folders: Hashable, Sendable {
    /// Sockets and the lock; gone with the next boot.
    package let runtime: String
    /// Journal, market data, checkpoints, worker logs and compiled strategies.
    package let data: String
    /// The journal's database file.
    package let journal: String
    /// The database of recorded market data and checkpoints.
    package var record: String { "\(data)/market.db" }
    /// What has been accepted and is not in that database yet.
    package var recordBuffer: String { "\(data)/market.intake" }

    /// Finds the folders. Nothing is created or looked at.
    ///
    /// - `runtime`: `manager.runtime_dir`, else `QUANTCELL_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/quantcell`, else `quantcell-USERID` in
    ///   `$TMPDIR` or `/tmp`.
    /// - `data`: `manager.data_dir`, else `QUANTCELL_DATA_DIR`, else `$XDG_DATA_HOME/quantcell`, else `$HOME/.local/share/quantcell`.
    /// - `journal`: `journal.path`, else `journal.db` in `data`.
    ///
    /// As the XDG Base Directory Specification demands, a relative path in one of its variables is ignored.
    ///
    /// - Throws: ``SettingsError`` when a folder that was asked for is not an absolute path (a loaded configuration has no others),
    ///   or there is no home folder for the data.
    package static func resolve(
        settings: Settings,
        environment: [String: String],
        userID: UInt32
    ) throws(SettingsError) -> Folders {
        func folder(_ key: String, _ configured: String, _ variable: String, _ standard: String?) throws(SettingsError)
            -> String
        {
            let given = configured.isEmpty ? environment[variable] ?? "" : configured
            if given.isEmpty, let standard { return standard }
            guard given.hasPrefix("/") else {
                let message =
                    given.isEmpty
                    ? "\(key) must be given, since HOME is not set" : "\(key) must be an absolute path, not '\(given)'"
                throw SettingsError([.init(message, path: key)])
            }
            return SettingsInputs.join(given, to: "/", home: nil)
        }
        func base(_ variable: String) -> String? {
            environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let runtime = try folder(
            "manager.runtime_dir",
            settings.manager.runtimeDir,
            "QUANTCELL_RUNTIME_DIR",
            RuntimeFolder.standard(environment: { environment[$0] }, userID: userID)
        )
        let data = try folder(
            "manager.data_dir",
            settings.manager.dataDir,
            "QUANTCELL_DATA_DIR",
            (base("XDG_DATA_HOME") ?? base("HOME").map { "\($0)/.local/share" }).map { "\($0)/quantcell" }
        )
        let journal = try folder("journal.path", settings.journal.path, "", "\(data)/journal.db")
        return Folders(runtime: runtime, data: data, journal: journal)
    }
}
