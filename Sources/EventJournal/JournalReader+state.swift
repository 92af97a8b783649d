import GRDB

extension JournalReader {
    static func desiredWorkers(_ db: Database) throws -> [DesiredWorker] {
        let sql = "SELECT worker_id, wanted, config, source, updated_at FROM desired_workers ORDER BY worker_id"
        return try fetch(db, sql) { row in
            DesiredWorker(
                workerID: try row.decode(atIndex: 0),
                wanted: try row.word(atIndex: 1),
                config: try row.decode(atIndex: 2),
                source: try row.word(atIndex: 3),
                updatedAt: try row.decode(atIndex: 4)
            )
        }
    }

    static func processRecords(_ db: Database) throws -> [ProcessRecord] {
        let sql = """
            SELECT worker_id, generation, identity, token, pid, start_time, boot_id, library, state, started_at, restarts
            FROM worker_processes ORDER BY worker_id, generation
            """
        return try fetch(db, sql) { row in
            ProcessRecord(
                workerID: try row.decode(atIndex: 0),
                generation: try row.number(atIndex: 1) ?? 0,
                identity: try row.decode(atIndex: 2),
                token: try row.decode(atIndex: 3),
                pid: try row.decode(atIndex: 4),
                startTime: try row.number(atIndex: 5) ?? 0,
                bootID: try row.decode(atIndex: 6),
                libraryPath: try row.decode(atIndex: 7),
                state: try row.decode(atIndex: 8),
                startedAt: try row.decode(atIndex: 9),
                restarts: try row.decode(atIndex: 10)
            )
        }
    }

    static func deaths(_ db: Database, matching query: DeathQuery) throws -> [RecordedDeath] {
        var conditions: [String] = []
        var values: [any DatabaseValueConvertible] = []
        if let workerID = query.workerID {
            conditions.append("worker_id = ?")
            values.append(workerID)
        }
        if let before = query.beforeSequence {
            conditions.append("seq < ?")
            values.append(before)
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let sql = """
            SELECT seq, worker_id, generation, time, cause, exit, core, oom, last_heartbeat, last_topic, last_sequence,
                   callback, callback_seconds, peak_rss, cpu_user, cpu_system, log_tail, backtrace
            FROM deaths \(filter) ORDER BY seq DESC LIMIT \(query.limit)
            """
        return try fetch(db, sql, values) { row in
            RecordedDeath(
                seq: try row.decode(atIndex: 0),
                death: DeathRecord(
                    workerID: try row.decode(atIndex: 1),
                    generation: try row.number(atIndex: 2) ?? 0,
                    time: try row.decode(atIndex: 3),
                    cause: try row.decode(atIndex: 4),
                    exit: try row.decode(atIndex: 5),
                    core: try row.decode(atIndex: 6),
                    oom: try row.decode(atIndex: 7),
                    lastHeartbeat: try row.decode(atIndex: 8),
                    lastTopic: try row.decode(atIndex: 9),
                    lastSequence: try row.number(atIndex: 10),
                    callback: try row.decode(atIndex: 11),
                    callbackSeconds: try row.decode(atIndex: 12),
                    peakRSS: try row.decode(atIndex: 13),
                    cpuUser: try row.decode(atIndex: 14),
                    cpuSystem: try row.decode(atIndex: 15),
                    logTail: try row.decode(atIndex: 16),
                    backtrace: try row.decode(atIndex: 17)
                )
            )
        }
    }

    private static func fetch<Record>(
        _ db: Database,
        _ sql: String,
        _ values: [any DatabaseValueConvertible] = [],
        _ record: (Row) throws -> Record
    ) throws -> [Record] {
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: StatementArguments(values))
        var records: [Record] = []
        while let row = try cursor.next() {
            records.append(try record(row))
        }
        return records
    }
}

extension Row {
    /// Decoding throws, where a word that this version does not know must not become another.
    fileprivate func word<Word: RawRepresentable<String>>(atIndex index: Int) throws -> Word {
        let text: String = try decode(atIndex: index)
        guard let word = Word(rawValue: text) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "'\(text)' is no \(Word.self)")
        }
        return word
    }
}
