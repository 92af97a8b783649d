// The shapes of what the manager answers, for the OpenAPI document. Open: what is added later breaks nobody.
extension Schema {
    static let text64k = Schema.text()
    static let time = Schema.nullable(.text(0...64))
    static let state = Schema.text(1...32)

    static let worker = Schema.object(
        [
            Field("worker_id", .workerID, isRequired: true), Field("state", state, isRequired: true),
            Field("strategy_name", text64k), Field("strategy_path", text64k),
            Field("symbols", .list(text64k, max: 10_000)), Field("data_types", .list(text64k, max: 100)),
            Field("pid", .nullable(.count)), Field("generation", .count), Field("created_at", time),
            Field("started_at", time), Field("stopped_at", time), Field("last_heartbeat", time),
            Field("messages_processed", .count), Field("signals_emitted", .count), Field("errors_count", .count),
            Field("restarts", .count), Field("last_error", .nullable(text64k)), Field("last_error_time", time),
            Field("metadata", .open),
        ],
        isOpen: true
    )
    static let brief = Schema.object(
        [Field("worker_id", .workerID, isRequired: true), Field("state", state, isRequired: true)],
        isOpen: true
    )
    static let workers = Schema.object(
        [Field("workers", .list(worker, max: 1_000_000), isRequired: true)],
        isOpen: true
    )
    static let briefs = Schema.object(
        [Field("workers", .list(brief, max: 1_000_000), isRequired: true)],
        isOpen: true
    )
    static let oneWorker = Schema.object([Field("worker", worker, isRequired: true)], isOpen: true)
    static let entry = Schema.object(
        [
            Field("seq", .count, isRequired: true), Field("time", time, isRequired: true),
            Field("kind", .text(1...64), isRequired: true), Field("worker_id", .nullable(text64k)),
            Field("generation", .nullable(.count)), Field("from_state", .nullable(state)),
            Field("to_state", .nullable(state)), Field("cause", .nullable(text64k)),
            Field("actor", .nullable(text64k)), Field("detail", .any),
        ],
        isOpen: true
    )
    static let signals = Schema.object(
        [
            Field("signals", .list(.open, max: 1000), isRequired: true),
            Field("last_rowid", .nullable(.count), isRequired: true),
        ],
        isOpen: true
    )
    static let entries = Schema.object(
        [
            Field("entries", .list(entry, max: 1000), isRequired: true),
            Field("last_seq", .nullable(.count), isRequired: true),
        ],
        isOpen: true
    )
}

extension Parameter {
    static let worker = Parameter.path("id", .workerID, "The worker's id, as in the list of workers.")
    static let limit = Parameter.query("limit", .integer(1...1000), "The most entries of the answer; 100 unless given.")
    static let afterRow = Parameter.query(
        "after_rowid",
        .count,
        "Only signals behind this place: `last_rowid` of the page before."
    )
}
