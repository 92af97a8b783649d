extension JournalSchema {
    /// Who gave a command and from where stand in its `detail`, which the chain of hashes has always covered: older entries keep their
    /// hashes, and newer ones need no other kind.
    static let originViews = """
        DROP VIEW commands;
        CREATE VIEW commands AS
            SELECT \(utc("time")) AS time, cause AS command, worker_id AS worker, generation, actor,
                   json_extract(detail, '$.who') AS who, json_extract(detail, '$.from') AS "from", detail
            FROM events WHERE kind = 'command' ORDER BY seq;
        """
}
