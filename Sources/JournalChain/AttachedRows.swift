/// The rows of a table that belong to entries, read beside them.
struct AttachedRows {
    private let domain: CanonicalRow.Domain
    private let columns: Int32
    private let rows: RawStatement
    /// What has no hash up to here is older than the chain.
    private let start: Int64
    private var row = CanonicalRow()
    /// The place of the next one; nil when there are no more.
    private(set) var seq: Int64?

    /// - Parameters:
    ///   - domain: signals or deaths.
    ///   - places: the rows behind the lower bound, up to the upper one.
    ///   - start: where the chain began.
    init(
        _ domain: CanonicalRow.Domain,
        _ connection: ChainConnection,
        behind: Int64,
        through: Int64 = .max,
        start: Int64
    ) throws {
        self.domain = domain
        self.start = start
        let range = "WHERE seq > \(behind) AND seq <= \(through) ORDER BY seq"
        if domain == .signal {
            columns = ChainSchema.signalColumnCount
            rows = try connection.statement("SELECT \(ChainSchema.signalColumns), hash FROM emitted_signals \(range)")
        } else {
            columns = ChainSchema.deathColumnCount
            rows = try connection.statement("SELECT \(ChainSchema.deathColumns) FROM deaths \(range)")
        }
        try advance()
    }

    /// The hash of the row at a place, which is the next one; nil where there is none, and for a signal that is older
    /// than the chain.
    mutating func hash(at place: Int64) throws -> ChainHash? {
        guard let seq, seq <= place else { return nil }
        if seq < place { throw orphan(seq) }
        row.begin(domain)
        row.add(0..<columns, of: rows)
        let hash = row.hash
        // Only signals have a hash of their own beside the one in their entry's, since they may outlive it.
        if domain == .signal, rows.hash(columns) != hash {
            if !rows.isNull(columns) {
                throw ChainFault(.altered, place, "the signal of entry \(place) was altered")
            }
            if place > start {
                throw ChainFault(.added, place, "a signal was added at place \(place), or its hash removed")
            }
            try advance()
            return nil
        }
        try advance()
        return hash
    }

    /// Nothing may be left.
    func finish() throws {
        if let seq { throw orphan(seq) }
    }

    private func orphan(_ seq: Int64) -> ChainFault {
        let what = domain == .signal ? "signal" : "death"
        return ChainFault(.added, seq, "a \(what) was added at place \(seq), where no entry is")
    }

    private mutating func advance() throws {
        seq = try rows.step() ? rows.integer(0) : nil
    }
}
