internal import WireProtocol

/// The dashboard's sessions on disk: `sessions.json` in the data folder, for its owner only. So a page that is open when the manager
/// is started again goes on by itself.
///
/// Nobody depends on it: without it people log in once more.
struct SessionFile: Sendable {
    private let file: PrivateFile

    init(dataFolder: String) {
        file = PrivateFile(path: "\(dataFolder)/sessions.json")
    }

    /// Reads the sessions; none where there is no file, or none that can be trusted.
    func read() -> [AccessPass] {
        let value = try? file.read()
        return (value?["sessions"]?.arrayValue ?? []).compactMap(AccessPass.init(record:))
    }

    /// Writes the sessions. Where that fails they last as long as this manager.
    func write(_ sessions: [AccessPass]) {
        try? file.write(["sessions": .array(sessions.map(\.record))])
    }
}
