internal import WireProtocol

/// The tokens on disk: `tokens.json` in the data folder, for its owner only.
struct TokenFile: Sendable {
    private let file: PrivateFile

    init(dataFolder: String) {
        file = PrivateFile(path: "\(dataFolder)/tokens.json")
    }

    /// Reads the tokens; none where there is no file.
    ///
    /// - Throws: ``ManagerError`` when it cannot be read, is open to others, or is damaged.
    func read() throws(ManagerError) -> [AccessToken] {
        guard let value = try file.read() else { return [] }
        guard let records = value["tokens"]?.arrayValue else { throw file.damaged }
        let tokens = records.compactMap(AccessToken.init(record:))
        guard tokens.count == records.count else { throw file.damaged }
        return tokens
    }

    /// Writes the tokens; they are on disk when it returns.
    ///
    /// - Throws: ``ManagerError``
    func write(_ tokens: [AccessToken]) throws(ManagerError) {
        try file.write(["tokens": .array(tokens.map(\.record))])
    }
}
