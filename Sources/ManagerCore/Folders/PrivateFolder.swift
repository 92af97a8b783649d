internal import CLinux
internal import Glibc

/// A folder that nobody else can enter, for a socket.
package enum PrivateFolder {
    /// Makes the folder where it is missing.
    ///
    /// - Throws: ``ManagerError`` when it cannot be made, or others own it or may enter it.
    package static func make(_ folder: String) throws(ManagerError) {
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw ManagerError(
                .serviceUnavailable,
                "cannot make the folder \(folder): \(String(cString: strerror(errno)))"
            )
        }
        var info = stat()
        guard stat(folder, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_uid == geteuid(),
            info.st_mode & 0o077 == 0
        else {
            throw ManagerError(
                .serviceUnavailable,
                "the folder \(folder) must be yours, and closed to others: chmod 700 \(folder)"
            )
        }
    }
}
