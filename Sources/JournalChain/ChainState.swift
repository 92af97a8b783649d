/// Where the chain begins and where it ends; the one row of `hash_chain`.
package struct ChainState {
    /// What an entry's hash goes on from: its place and its hash.
    package struct Mark: Hashable, Sendable {
        package var seq: Int64
        package var hash: ChainHash

        package init(seq: Int64, hash: ChainHash) {
            self.seq = seq
            self.hash = hash
        }
    }

    /// Entries up to here are older than the chain.
    package let start: Int64
    /// The last entry that retention has passed.
    package var anchor: Mark
    /// The last entry.
    package let head: Mark
    /// The hashes of the entries up to the anchor that are still there, by XOR.
    package var keptEntries: ChainHash
    /// The hashes of the signals up to the anchor that are still there, by XOR.
    package var keptSignals: ChainHash

    /// The statement that ``init(_:)`` reads a row of.
    package static let query = """
        SELECT start_seq, anchor_seq, anchor_hash, head_seq, head_hash, kept_entries, kept_signals
        FROM hash_chain WHERE id = 1
        """

    /// Reads a row; nil where a hash is none.
    package init?(_ row: RawStatement) {
        guard let anchor = row.hash(2), let head = row.hash(4), let entries = row.hash(5), let signals = row.hash(6)
        else { return nil }
        start = row.integer(0)
        self.anchor = Mark(seq: row.integer(1), hash: anchor)
        self.head = Mark(seq: row.integer(3), hash: head)
        keptEntries = entries
        keptSignals = signals
    }

    /// The statement that ``saveAnchor(_:)`` runs: the head is the writer's.
    package static let anchorUpdate = """
        UPDATE hash_chain SET anchor_seq = ?, anchor_hash = ?, kept_entries = ?, kept_signals = ? WHERE id = 1
        """

    package func saveAnchor(_ statement: RawStatement) throws {
        try anchor.hash.withUnsafeBytes { hash in
            try keptEntries.withUnsafeBytes { entries in
                try keptSignals.withUnsafeBytes { signals in
                    statement.bind(anchor.seq, at: 1)
                    statement.bind(hash, at: 2)
                    statement.bind(entries, at: 3)
                    statement.bind(signals, at: 4)
                    try statement.run()
                }
            }
        }
    }
}
