import GRDB

extension JournalWriter {
    /// Writes an update; returns the place of its first entry, or 0 when it has none.
    func insert(_ update: JournalUpdate) throws -> Int64 {
        for change in update.changes { try apply(change) }
        var first: Int64?
        for entry in update.entries {
            let seq = try insert(entry)
            if first == nil { first = seq }
        }
        if let death = update.death, let first { try insert(death, seq: first) }
        return first ?? 0
    }

    private func apply(_ change: StateChange) throws {
        switch change {
        case .want(let desired):
            try run(
                """
                INSERT OR REPLACE INTO desired_workers (worker_id, wanted, config, source, updated_at)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    text(desired.workerID), desired.wanted.rawValue, text(desired.config), desired.source.rawValue,
                    desired.updatedAt,
                ]
            )
        case .forget(let workerID):
            try run("DELETE FROM desired_workers WHERE worker_id = ?", [text(workerID)])
        case .keep(let process):
            try run(
                """
                INSERT OR REPLACE INTO worker_processes (
                    worker_id, generation, identity, token, pid, start_time, boot_id, library, state, started_at,
                    restarts)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    text(process.workerID), number(process.generation), text(process.identity), text(process.token),
                    process.pid, number(process.startTime), text(process.bootID), text(process.libraryPath),
                    text(process.state), process.startedAt, process.restarts,
                ]
            )
        case .remove(let workerID, let generation):
            try run(
                "DELETE FROM worker_processes WHERE worker_id = ? AND generation = ?",
                [text(workerID), number(generation)]
            )
        }
    }

    private func insert(_ death: DeathRecord, seq: Int64) throws {
        try run(
            """
            INSERT INTO deaths (
                seq, worker_id, generation, time, cause, exit, core, oom, last_heartbeat, last_topic, last_sequence,
                callback, callback_seconds, peak_rss, cpu_user, cpu_system, log_tail, backtrace)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                seq, text(death.workerID), number(death.generation), death.time, text(death.cause), text(death.exit),
                death.core, death.oom, death.lastHeartbeat, text(death.lastTopic), number(death.lastSequence),
                text(death.callback), death.callbackSeconds, death.peakRSS, death.cpuUser, death.cpuSystem,
                text(death.logTail), text(death.backtrace),
            ]
        )
    }
}
