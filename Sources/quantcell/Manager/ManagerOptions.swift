import ArgumentParser

/// The options that every command has which talks to a manager.
struct ManagerOptions: ParsableArguments {
    @Option(
        name: .customLong("runtime-dir"),
        help: ArgumentHelp("Folder of the manager's sockets.", valueName: "folder"),
        completion: .directory
    )
    var runtimeFolder: String?

    @Option(
        help: ArgumentHelp(
            "How long to wait for the manager: seconds, or a number with ms, s, m or h.",
            valueName: "time"
        )
    )
    var timeout: TimeSpan?

    /// Finds the manager, and fails at once when there is none.
    func locate() throws(CommandFailure) -> ManagerLocation {
        try ManagerLocation(ManagerFolder(flag: runtimeFolder))
    }
}

/// A runtime folder and where its manager listens.
struct ManagerLocation {
    let folder: ManagerFolder
    private let endpoints: Endpoints

    init(_ folder: ManagerFolder) throws(CommandFailure) {
        self.folder = folder
        endpoints = try Endpoints(folder)
    }

    /// The address of a socket at which somebody listens.
    ///
    /// - Throws: ``CommandFailure`` with exit code 69.
    func liveAddress(_ name: Endpoints.Name) throws(CommandFailure) -> String {
        let address = endpoints.address(name)
        switch SocketProbe.probe(address) {
        case .listening: return address
        case .nobody: throw .noManager(folder.path)
        case .failed(let reason): throw .unavailable("cannot reach the manager at \(address): \(reason)")
        }
    }
}
