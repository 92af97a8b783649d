internal import Glibc

/// Makes and opens the record's file.
enum RecordFile {
    /// Makes the file and its folders where they are missing, readable for their owner only.
    static func create(_ path: String) throws(RecordError) {
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try createFolder(String(path[..<slash]))
        }
        // Only a file that is not there is opened: closing it would drop the POSIX locks that this process may hold on an existing
        // one. SQLite gives -wal and -shm the mode of this file.
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file >= 0 {
            close(file)
        } else if errno != EEXIST || access(path, R_OK | W_OK) != 0 {
            throw RecordError(errno: errno, "create", path)
        }
    }

    /// Sets the connection that writes up: WAL, and every commit on disk before it is answered.
    static func setUp(_ connection: Connection) throws(RecordError) {
        // Only an empty file takes it; another would have to be written anew as a whole.
        if try connection.integer("PRAGMA page_count") == 0 {
            try connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        }
        try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \(tuning)")
        guard try connection.integer("PRAGMA synchronous") == 2 else {
            throw RecordError(
                .failed,
                "SQLite does not take synchronous=FULL for \(connection.path): its library is not fit for a record"
            )
        }
    }

    /// - A checkpoint each 16 MiB: pages at the end of a topic are written again and again, and go into the database once.
    /// - While somebody reads for long, the -wal grows; afterwards it is cut to 64 MiB.
    private static let tuning = """
        PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;
        """

    private static func createFolder(_ path: String) throws(RecordError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw RecordError(errno: errno, "create", path)
        }
        try createFolder(String(path[..<slash]))
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw RecordError(errno: errno, "create", path)
        }
    }
}
