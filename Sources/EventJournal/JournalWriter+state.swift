import GRDB

extension JournalWriter {
    /// Writes an update; returns the place of its first entry, or 0 when it has none.
    mutating func insert(_ update: JournalUpdate) throws -> Int64 {
        for change in update.changes { try apply(change) }
        var first: Int64?
        for entry in update.entries {
            let seq = try insert(entry, death: first == nil ? update.death : nil)
            if first == nil { first = seq }
        }
        return first ?? 0
    }

    /// Runs a statement that is not worth a property.
    private func run(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws {
        try db.cachedStatement(sql: sql).run(arguments)
    }

    /// SQLite has no unsigned numbers; nothing real counts beyond 2^63.
    private func number(_ value: UInt64) -> Int64 {
        Int64(clamping: value)
    }

    /// A NUL would end the text for SQLite, and two names could become one.
    private func text(_ value: String) -> String {
        value.utf8.contains(0) ? String(value.map { $0 == "\0" ? "\u{2400}" : $0 }) : value
    }

    private func text(_ value: String?) -> String? {
        value.map { text($0) }
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
}
