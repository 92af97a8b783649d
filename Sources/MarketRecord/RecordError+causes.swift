internal import GRDBSQLite
internal import Glibc

extension RecordError {
    /// What a result code of SQLite means for the record at `path`.
    ///
    /// Related SQLite documentation: https://www.sqlite.org/rescode.html
    init(sqlite extended: Int32, reason: String, path: String) {
        switch extended & 0xFF {
        case SQLITE_FULL:
            self = .full(path)
        case SQLITE_BUSY, SQLITE_LOCKED:
            self = RecordError(
                .locked,
                "the record \(path) is locked by another process: find it with `fuser \(path)` and stop it"
            )
        case SQLITE_READONLY:
            self = .readOnly(path, reason)
        case SQLITE_NOTADB:
            self = RecordError(
                .corrupt,
                "\(path) is no SQLite database: move the file away, or choose another data folder"
            )
        case SQLITE_CORRUPT:
            self = RecordError(
                .corrupt,
                "the record \(path) is damaged (\(reason)): stop the manager, move the file away with its -wal and -shm, "
                    + "and start again; `sqlite3 FILE .recover` reads what is left of it"
            )
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            self = RecordError(
                .cannotOpen,
                "cannot open the record \(path) (\(reason)): check that it is a file of yours in a folder of yours"
            )
        case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG:
            self = RecordError(.refused, "the record \(path) does not take a message: \(reason)")
        case SQLITE_IOERR where extended == Int32(4874):
            // SQLITE_IOERR_SHMSIZE: no room to make the -shm file longer.
            self = .full(path)
        case SQLITE_IOERR:
            self = RecordError(
                .failed,
                "the disk below the record \(path) fails (\(reason), SQLite error \(extended)): see `dmesg`"
            )
        default:
            self = RecordError(.failed, "the record \(path) failed: \(reason) (SQLite error \(extended))")
        }
    }

    /// What a failed system call on `path` means.
    init(errno code: Int32, _ operation: String, _ path: String) {
        let reason = String(cString: strerror(code))
        switch code {
        case EROFS, EACCES, EPERM: self = .readOnly(path, reason)
        case ENOSPC, EDQUOT, EFBIG: self = .full(path)
        default:
            self = RecordError(.cannotOpen, "cannot \(operation) \(path) (\(reason)): choose another data folder")
        }
    }

    static func closed(_ path: String) -> RecordError {
        RecordError(.closed, "the record \(path) is closed")
    }

    static func full(_ path: String) -> RecordError {
        RecordError(.full, "no room left to write \(path): free some space on its disk; recording then goes on")
    }

    static func readOnly(_ path: String, _ reason: String) -> RecordError {
        RecordError(
            .readOnly,
            "cannot write \(path) (\(reason)): make the file and its folder writable, or choose another data folder"
        )
    }
}
