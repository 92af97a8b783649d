import GRDB
import Glibc
import JournalChain

extension JournalError {
    /// What an error of GRDB or SQLite means for the journal at `path`.
    ///
    /// Related SQLite documentation: https://www.sqlite.org/rescode.html
    init(_ error: any Error, path: String) {
        if let error = error as? JournalError {
            self = error
            return
        }
        let error = (error as? SQLiteFailure).map(DatabaseError.init) ?? error
        guard let error = error as? DatabaseError else {
            self = JournalError(.failed, "the journal \(path) failed: \(error)")
            return
        }
        let reason = error.message ?? "\(error.extendedResultCode)"
        switch error {
        case DatabaseError.SQLITE_FULL, DatabaseError.SQLITE_IOERR_SHMSIZE:
            self = .full(path)
        case DatabaseError.SQLITE_BUSY, DatabaseError.SQLITE_LOCKED:
            self = JournalError(
                .locked,
                "the journal \(path) is locked by another process: find it with `fuser \(path)` and stop it"
            )
        case DatabaseError.SQLITE_READONLY:
            self = .readOnly(path, reason)
        case DatabaseError.SQLITE_NOTADB:
            self = JournalError(
                .corrupt,
                "\(path) is no SQLite database: move the file away, or choose another data folder"
            )
        case DatabaseError.SQLITE_CORRUPT:
            self = JournalError(
                .corrupt,
                "the journal \(path) is damaged (\(reason)): stop the manager, move the file away with its -wal and "
                    + "-shm, and start again; `sqlite3 FILE .recover` reads what is left of it"
            )
        case DatabaseError.SQLITE_CANTOPEN, DatabaseError.SQLITE_PERM, DatabaseError.SQLITE_AUTH:
            self = JournalError(
                .cannotOpen,
                "cannot open the journal \(path) (\(reason)): check that it is a file of yours in a folder of yours"
            )
        case DatabaseError.SQLITE_MISUSE:
            // All our statements are fixed, so the only misuse left is that of a closed connection.
            self = .closed(path)
        case DatabaseError.SQLITE_IOERR:
            self = JournalError(
                .failed,
                "the disk below the journal \(path) fails (\(reason), \(error.extendedResultCode.rawValue)): see `dmesg`"
            )
        default:
            self = JournalError(
                .failed,
                "the journal \(path) failed: \(reason) (SQLite error \(error.extendedResultCode.rawValue))"
            )
        }
    }

    /// What a failed system call on `path` means for the journal.
    init(errno code: CInt, path: String) {
        let reason = String(cString: strerror(code))
        switch code {
        case EROFS, EACCES, EPERM:
            self = .readOnly(path, reason)
        case ENOSPC, EDQUOT:
            self = .full(path)
        default:
            self = JournalError(
                .cannotOpen,
                "cannot create \(path) for the journal (\(reason)): choose another data folder"
            )
        }
    }

    static func closed(_ path: String) -> JournalError {
        JournalError(.closed, "the journal \(path) is closed")
    }

    static func overloaded(_ path: String) -> JournalError {
        JournalError(
            .overloaded,
            "the journal \(path) cannot keep up, and too much waits to be written: put it on a faster disk, "
                + "or ask for less"
        )
    }

    private static func full(_ path: String) -> JournalError {
        JournalError(.full, "no room left to write \(path): free some space on its disk; the journal then goes on")
    }

    private static func readOnly(_ path: String, _ reason: String) -> JournalError {
        JournalError(
            .readOnly,
            "cannot write \(path) (\(reason)): make the file and its folder writable, or choose another data folder"
        )
    }
}

extension DatabaseError {
    /// The failure of a statement that was run without GRDB.
    fileprivate init(_ failure: SQLiteFailure) {
        self.init(resultCode: ResultCode(rawValue: failure.code), message: failure.message)
    }
}
