import FoundationEssentials
import GRDB
import JournalChain

/// Keeps the chain of hashes checkable while entries are dropped from its beginning.
struct RetentionChain {
    private let db: Database
    private var state: ChainState
    private var isChanged = false

    init(_ db: Database) throws {
        self.db = db
        let query = try db.rawStatement(ChainState.query)
        defer { query.reset() }
        guard try query.step(), let state = ChainState(query) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "hash_chain is empty")
        }
        self.state = state
    }

    /// Goes on to the next entry, which is dropped, unless it is kept; its signal, if it has one, is kept or not.
    mutating func pass(_ seq: Int64, _ hash: ChainHash?, isKept: Bool, keepsSignal: Bool) throws {
        // What is older than the chain has no hashes.
        guard seq > state.anchor.seq else { return }
        isChanged = true
        if let hash {
            if isKept {
                try keep(seq)
                state.keptEntries.formXOR(hash)
            }
            state.anchor.hash = hash
        }
        state.anchor.seq = seq
        if keepsSignal, let signal = try signalHash(seq) { state.keptSignals.formXOR(signal) }
    }

    /// Takes an entry out that was kept before; what its hash goes on from is dropped with it.
    mutating func drop(keptEntry hash: ChainHash?) {
        guard let hash else { return }
        state.keptEntries.formXOR(hash)
        isChanged = true
    }

    /// Takes a signal out that was kept before.
    mutating func drop(keptSignal hash: ChainHash?) {
        guard let hash else { return }
        state.keptSignals.formXOR(hash)
        isChanged = true
    }

    func save() throws {
        if isChanged { try state.saveAnchor(db.rawStatement(ChainState.anchorUpdate)) }
    }

    /// Notes what the hash of the next entry goes on from: nothing else will know.
    private func keep(_ seq: Int64) throws {
        let insert = try db.rawStatement("INSERT OR REPLACE INTO kept_entries (seq, previous) VALUES (?, ?)")
        try state.anchor.hash.withUnsafeBytes { previous in
            insert.bind(seq, at: 1)
            insert.bind(previous, at: 2)
            try insert.run()
        }
    }

    private func signalHash(_ seq: Int64) throws -> ChainHash? {
        let select = try db.rawStatement("SELECT hash FROM emitted_signals WHERE seq = ?")
        defer { select.reset() }
        select.bind(seq, at: 1)
        return try select.step() ? select.hash(0) : nil
    }
}

extension Row {
    /// A hash; nil for NULL and for what is none.
    func hash(atIndex index: Int) throws -> ChainHash? {
        try withUnsafeData(atIndex: index) { data in
            data?.withUnsafeBytes { ChainHash(bytes: $0) } ?? nil
        }
    }
}
