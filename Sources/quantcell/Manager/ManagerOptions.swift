import ArgumentParser
import ZeroMQ

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
            "A manager elsewhere, tcp://HOST or tcp://HOST:PORT with the port of its data endpoint (5555); or QUANTCELL_CONNECT.",
            valueName: "address"
        )
    )
    var connect: String?

    @Option(
        help: ArgumentHelp(
            "The keys to prove who you are over TCP, as 'quantcell keys new' wrote them; or QUANTCELL_KEY_FILE.",
            valueName: "file"
        ),
        completion: .file()
    )
    var keyFile: String?

    @Option(
        help: ArgumentHelp(
            "How long to wait for the manager: seconds, or a number with ms, s, m or h.",
            valueName: "time"
        )
    )
    var timeout: TimeSpan?

    /// Finds the manager, and fails at once when there is none.
    func locate() throws(CommandFailure) -> ManagerLocation {
        func given(_ flag: String?, _ variable: String) -> String? {
            [flag, Environment.value(variable)].compactMap(\.self).first { !$0.isEmpty }
        }
        let folder = ManagerFolder(flag: runtimeFolder)
        // Who names a folder means the manager there, whatever the environment says.
        let address = connect ?? (runtimeFolder == nil ? given(nil, "QUANTCELL_CONNECT") : nil)
        let endpoints = try address.map { address throws(CommandFailure) in
            try Endpoints(connecting: address)
        }
        let keys = try ClientKeys.find(given(keyFile, "QUANTCELL_KEY_FILE"), in: endpoints == nil ? folder : nil)
        if let endpoints { return ManagerLocation(folder, endpoints: endpoints, keys: keys) }
        return ManagerLocation(folder, endpoints: try Endpoints(folder), keys: keys)
    }
}

/// Where a manager listens, and the keys to talk to it.
struct ManagerLocation {
    /// The folder of a manager on this machine; for one elsewhere where it would be.
    let folder: ManagerFolder
    /// The keys for TCP.
    let keys: CurveClient?
    private let endpoints: Endpoints

    init(_ folder: ManagerFolder) throws(CommandFailure) {
        self.init(folder, endpoints: try Endpoints(folder), keys: try ClientKeys.find(nil, in: folder))
    }

    init(_ folder: ManagerFolder, endpoints: Endpoints, keys: CurveClient?) {
        self.folder = folder
        self.endpoints = endpoints
        self.keys = keys
    }

    /// The address of a socket at which somebody listens.
    ///
    /// - Throws: ``CommandFailure`` with exit code 69.
    func liveAddress(_ name: Endpoints.Name) throws(CommandFailure) -> String {
        let address = endpoints.address(name)
        switch SocketProbe.probe(address) {
        case .listening: return address
        case .nobody: throw endpoints.isElsewhere ? .noManager(at: address) : .noManager(folder.path)
        case .failed(let reason): throw .unavailable("cannot reach the manager at \(address): \(reason)")
        }
    }

    /// What to look at where a manager does not answer that listens: over TCP it says nothing to those whom it does not let in.
    var hint: String {
        endpoints.address(.admin).hasPrefix("tcp://")
            ? "; over TCP it answers only those whose key is in its 'quantcell keys list' and may do this" : ""
    }
}
