/// Where a manager and those who talk to it meet when nobody says otherwise.
package enum RuntimeFolder {
    /// The folder of a manager's sockets when neither a flag nor `QUANTCELL_RUNTIME_DIR` names one:
    /// `$XDG_RUNTIME_DIR/quantcell`, else
    /// `quantcell-USERID` in `$TMPDIR` or `/tmp`.
    ///
    /// As the XDG Base Directory Specification demands, a relative path in a variable is ignored.
    ///
    /// - Parameters:
    ///   - environment: Looks up a variable.
    ///   - userID: Keeps apart the users who share a temporary folder.
    /// - Returns: An absolute path.
    package static func standard(environment: (String) -> String?, userID: UInt32) -> String {
        func base(_ variable: String) -> String? {
            environment(variable).flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        return base("XDG_RUNTIME_DIR").map { "\($0)/quantcell" } ?? "\(base("TMPDIR") ?? "/tmp")/quantcell-\(userID)"
    }
}
