import Glibc
import WireProtocol

/// The runtime folder of the manager that a command is about.
struct ManagerFolder: Hashable {
    /// Absolute path.
    let path: String

    /// Finds the folder by the rule that the manager uses too.
    ///
    /// - Parameters:
    ///   - flag: What `--runtime-dir` says; it beats everything else.
    ///   - environment: Looks up a variable; an empty one is as good as none.
    ///   - userID: Keeps apart the users who share a temporary folder.
    ///   - workingFolder: What a relative path starts from.
    init(
        flag: String?,
        environment: (String) -> String? = Environment.value,
        userID: UInt32 = getuid(),
        workingFolder: String = Path.workingFolder()
    ) {
        let given = [flag, environment("QUANTCELL_RUNTIME_DIR")].compactMap(\.self).first { !$0.isEmpty }
        path = Path.absolute(
            given ?? RuntimeFolder.standard(environment: environment, userID: userID),
            from: workingFolder,
            home: environment("HOME")
        )
    }
}
