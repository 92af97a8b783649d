import Glibc

/// Finds programs as a shell does.
package enum ExecutableSearch {
    /// The absolute path of the first executable file called `name`.
    ///
    /// - Parameters:
    ///   - name: A bare name, or an absolute path, which is only checked.
    ///   - searchPath: Folders separated by `:`, as in `PATH`. Empty and relative ones are passed over: what they mean
    ///     depends on where the manager happened to be started.
    /// - Returns: `nil` when there is none.
    package static func find(_ name: String, in searchPath: String) -> String? {
        if name.hasPrefix("/") {
            return isExecutableFile(name) ? name : nil
        }
        guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else { return nil }
        return searchPath.split(separator: ":").lazy
            .filter { $0.hasPrefix("/") }
            .map { $0.hasSuffix("/") ? "\($0)\(name)" : "\($0)/\(name)" }
            .first(where: isExecutableFile)
    }

    private static func isExecutableFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
