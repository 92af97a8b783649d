internal import Glibc

/// The folders from which strategies may be started over HTTP.
///
/// A path counts for what it leads to, symbolic links followed: it must lie in one of the folders then.
struct StrategyFolders: Sendable {
    private let folders: [String]

    init(_ folders: [String]) {
        self.folders = folders
    }

    /// The file that a path leads to, with all links followed.
    ///
    /// - Throws: ``APIError`` when it lies elsewhere. It says the same whether or not there is such a file.
    func resolve(_ path: String) throws(APIError) -> String {
        guard !folders.isEmpty else {
            throw APIError(.forbidden, "no strategies may be started over HTTP; see 'api.strategy_dirs'")
        }
        let elsewhere = APIError(
            .forbidden,
            "there is no such file in the folders that strategies may be started from over HTTP; see 'api.strategy_dirs'"
        )
        guard !path.utf8.contains(0) else { throw elsewhere }
        for folder in folders {
            guard let root = Self.real(folder), let file = Self.real(path.hasPrefix("/") ? path : "\(root)/\(path)"),
                file.hasPrefix(root == "/" ? "/" : root + "/")
            else { continue }
            return file
        }
        throw elsewhere
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
