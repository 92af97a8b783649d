import GRDB
import Glibc

/// Makes and opens the journal's file.
enum JournalFile {
    /// What each connection keeps of the file in memory, KiB. SQLite's own default of 2 MB for each of up to six connections would be most
    /// of the manager's memory; what is not kept here the kernel keeps.
    private static let cacheKiB = 256
    /// What the write-ahead log holds when SQLite folds it into the database: 1,000 pages of 4 KiB, each with 24 bytes before it.
    private static let logBytes = 1000 * (4096 + 24) + 32

    /// Opens the file at `path`, creating it and its folders where they are missing, readable for their owner only.
    static func open(_ path: String, busyTimeout: Duration) throws(JournalError) -> DatabasePool {
        try create(path)
        do {
            return try openPool(path, busyTimeout: busyTimeout)
        } catch {
            throw JournalError(error, path: path)
        }
    }

    private static func openPool(_ path: String, busyTimeout: Duration) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "EventJournal"
        configuration.busyMode = .timeout(busyTimeout / .seconds(1))
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -\(cacheKiB)")
            // Here, since the pool's next step turns the file to WAL, which is not ours to do to a foreign one.
            if !db.configuration.readonly {
                try JournalSchema.checkOwnership(db, path: path)
                try setUpSpace(db)
            }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { db in
            // After the pool has opened: its WAL set-up sets NORMAL, which loses the last commits with the power.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            guard synchronous == 2 else {
                throw JournalError(
                    .failed,
                    "SQLite does not take synchronous=FULL for \(path): its library is not fit for a journal"
                )
            }
        }
        try JournalSchema.migrator.migrate(pool)
        // Not before: SQLite deletes a log that it finds beside an empty database. In a transaction, so that nobody else writes.
        // Somebody who holds the file just now is no reason not to open it: then the log grows.
        try? pool.writeWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                reserveLog("\(path)-wal")
                return .commit
            }
        }
        return pool
    }

    private static func setUpSpace(_ db: Database) throws {
        // Only an empty file takes it; another would have to be written anew as a whole.
        if try Int.fetchOne(db, sql: "PRAGMA page_count") == 0 {
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        }
        // While somebody reads for long, the -wal grows; afterwards it is cut to this.
        try db.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
    }

    private static func create(_ path: String) throws(JournalError) {
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try createFolder(String(path[..<slash]))
        }
        // Only a file that is not there is opened: closing it would drop the POSIX locks that this process may hold
        // on an existing one. SQLite gives -wal and -shm the mode of this file.
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file >= 0 {
            close(file)
        } else if errno != EEXIST || access(path, R_OK | W_OK) != 0 {
            throw JournalError(errno: errno, path: path)
        }
    }

    /// Gives the write-ahead log its full size at once. While a file grows, each commit also waits for the file system to write down its
    /// new size, which takes as long again as the entry. SQLite passes over zeros at the end of a log, as over what a longer one has left.
    ///
    /// Only a matter of speed: where it fails, or where room is scarce, the log grows.
    private static func reserveLog(_ path: String) {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        var (status, space) = (stat(), statvfs())
        guard fstat(file, &status) == 0, fstatvfs(file, &space) == 0,
            UInt64(space.f_bavail) * UInt64(space.f_frsize) > UInt64(16 * logBytes)
        else { return }
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        var end = Int(status.st_size)
        while end < logBytes {
            let count = pwrite(file, zeros, min(zeros.count, logBytes - end), off_t(end))
            if count <= 0 { return }
            end += count
        }
        fdatasync(file)
    }

    private static func createFolder(_ path: String) throws(JournalError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw JournalError(errno: errno, path: path)
        }
        try createFolder(String(path[..<slash]))
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw JournalError(errno: errno, path: path)
        }
    }
}
