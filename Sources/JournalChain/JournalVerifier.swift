/// Checks that a journal holds what was written to it, whether a manager runs on it or not.
///
/// The whole is read once, in the order of the places, in one transaction, and nothing of it is kept: memory does not
/// grow with the file. What others write meanwhile is not seen; while it is read, the -wal of a running manager grows.
package struct JournalVerifier {
    /// How far it has come.
    package struct Progress: Sendable {
        /// The place of the entry that it has come to.
        package let seq: Int64
        /// The place of the last entry.
        package let last: Int64
    }

    /// So many rows come between two reports of progress.
    private static let progressRows = 50_000
    private static let applicationID = 0x5143_4A31

    private let path: String
    private let connection: ChainConnection
    private let state: ChainState
    private var result: JournalVerification
    private var row = CanonicalRow()

    /// Opens a journal.
    package init(path: String) throws(VerificationError) {
        self.path = path
        connection = try ChainConnection(path)
        do {
            state = try Self.state(connection, path)
        } catch {
            throw VerificationError(error, path)
        }
        result = JournalVerification(anchor: state.anchor.seq, head: state.head)
    }

    private static func state(_ connection: ChainConnection, _ path: String) throws -> ChainState {
        guard try connection.integer("PRAGMA application_id") == Int64(applicationID) else {
            throw VerificationError(code: .notVerifiable, description: "\(path) is no journal of QuantCell")
        }
        guard try connection.integer("SELECT 1 FROM sqlite_schema WHERE name = 'hash_chain'") != nil else {
            throw VerificationError(
                code: .notVerifiable,
                description: "\(path) is older than the chain of hashes: it gets one when a manager starts on it"
            )
        }
        let query = try connection.statement(ChainState.query)
        defer { query.reset() }
        guard try query.step(), let state = ChainState(query) else {
            throw ChainFault(
                .altered,
                0,
                "the table hash_chain, which says where the chain begins and ends, was altered"
            )
        }
        return state
    }

    /// Reads the whole journal, up to the first thing that is wrong.
    ///
    /// - Parameters:
    ///   - mark: a place and the hash that the entry there had once; nil for none. Whoever writes down the last hash of
    ///     a journal elsewhere finds out later whether all up to there is still the same.
    ///   - progress: told from time to time how far it has come.
    package consuming func verify(
        containing mark: ChainState.Mark? = nil,
        progress: (Progress) -> Void = { _ in }
    ) throws(VerificationError) -> JournalVerification {
        if let mark, mark.seq < state.anchor.seq {
            throw VerificationError(
                code: .notVerifiable,
                description: "entry \(mark.seq) has been dropped since, with all up to \(state.anchor.seq)"
            )
        }
        do {
            try verifyKeptEntries()
            try verifyKeptSignals()
            try verifyChain(containing: mark, progress)
        } catch let fault as ChainFault {
            result.fault = fault
        } catch {
            throw VerificationError(error, path)
        }
        return result
    }

    // MARK: What retention has left behind

    private mutating func verifyKeptEntries() throws {
        let anchor = state.anchor.seq
        let entries = try connection.statement(
            """
            SELECT \(ChainSchema.entryColumns), hash,
                (SELECT previous FROM kept_entries WHERE kept_entries.seq = events.seq)
            FROM events WHERE seq <= \(anchor) ORDER BY seq
            """
        )
        defer { entries.reset() }
        var deaths = try AttachedRows(.death, connection, behind: 0, through: anchor, start: state.start)
        var sum = ChainHash.zero
        while try entries.step() {
            let seq = entries.integer(0)
            let death = try deaths.hash(at: seq)
            if seq <= state.start {
                result.uncovered += 1
                continue
            }
            guard let previous = entries.hash(12) else {
                throw ChainFault(
                    .added,
                    seq,
                    "entry \(seq) was added: all up to \(anchor) was dropped for its age or size"
                )
            }
            let hash = entryHash(entries, nil, death, after: previous)
            guard hash == entries.hash(11) else { throw ChainFault(.altered, seq, "entry \(seq) was altered") }
            sum.formXOR(hash)
            result.entries += 1
            if death != nil { result.deaths += 1 }
        }
        try deaths.finish()
        if let missing = try connection.integer(
            "SELECT min(seq) FROM kept_entries WHERE seq NOT IN (SELECT seq FROM events)"
        ) {
            throw ChainFault(.removed, missing, "entry \(missing) was removed")
        }
        guard sum == state.keptEntries else {
            throw ChainFault(.removed, 0, "one or more of the entries that were kept up to \(anchor) were removed")
        }
    }

    private mutating func verifyKeptSignals() throws {
        var signals = try AttachedRows(.signal, connection, behind: 0, through: state.anchor.seq, start: state.start)
        var sum = ChainHash.zero
        while let seq = signals.seq {
            if let hash = try signals.hash(at: seq) {
                sum.formXOR(hash)
                result.signals += 1
            } else {
                result.uncovered += 1
            }
        }
        guard sum == state.keptSignals else {
            throw ChainFault(.removed, 0, "one or more of the signals up to entry \(state.anchor.seq) were removed")
        }
    }

    // MARK: The chain

    private mutating func verifyChain(containing mark: ChainState.Mark?, _ progress: (Progress) -> Void) throws {
        let (anchor, head) = (state.anchor, state.head)
        let entries = try connection.statement(
            "SELECT \(ChainSchema.entryColumns), hash FROM events WHERE seq > \(anchor.seq) ORDER BY seq"
        )
        defer { entries.reset() }
        var signals = try AttachedRows(.signal, connection, behind: anchor.seq, start: state.start)
        var deaths = try AttachedRows(.death, connection, behind: anchor.seq, start: state.start)
        var last = anchor
        var untilProgress = Self.progressRows
        try check(last, mark)
        while try entries.step() {
            let seq = entries.integer(0)
            if seq > head.seq { throw ChainFault(.added, seq, "entry \(seq) was added behind the last one") }
            if seq > last.seq + 1 { throw Self.removed(last.seq + 1, through: seq - 1) }
            let signal = try signals.hash(at: seq)
            let death = try deaths.hash(at: seq)
            let hash = entryHash(entries, signal, death, after: last.hash)
            if entries.isNull(11) { throw ChainFault(.added, seq, "entry \(seq) was added, or its hash removed") }
            guard hash == entries.hash(11) else {
                throw ChainFault(.altered, seq, "entry \(seq) was altered, or its signal, or its death")
            }
            last = ChainState.Mark(seq: seq, hash: hash)
            try check(last, mark)
            result.entries += 1
            if signal != nil { result.signals += 1 }
            if death != nil { result.deaths += 1 }
            untilProgress -= 1
            if untilProgress == 0 {
                untilProgress = Self.progressRows
                progress(Progress(seq: seq, last: head.seq))
            }
        }
        if last.seq < head.seq { throw Self.removed(last.seq + 1, through: head.seq) }
        guard last.hash == head.hash else { throw ChainFault(.altered, last.seq, "entry \(last.seq) was altered") }
        try signals.finish()
        try deaths.finish()
        if let mark, mark.seq > last.seq { throw Self.removed(last.seq + 1, through: mark.seq) }
    }

    /// An entry that had another hash once was altered, or one before it was, with all hashes behind.
    private func check(_ last: ChainState.Mark, _ mark: ChainState.Mark?) throws {
        if let mark, mark.seq == last.seq, mark.hash != last.hash {
            throw ChainFault(
                .altered,
                last.seq,
                "entry \(last.seq) has another hash than the one that was noted: it was altered, or one before it, and the chain "
                    + "made anew"
            )
        }
    }

    private mutating func entryHash(
        _ entry: RawStatement,
        _ signal: ChainHash?,
        _ death: ChainHash?,
        after previous: ChainHash
    ) -> ChainHash {
        row.begin(.entry)
        row.add(0..<ChainSchema.entryColumnCount, of: entry)
        row.link(.signal, signal)
        row.link(.death, death)
        row.link(.previous, previous)
        return row.hash
    }

    private static func removed(_ first: Int64, through last: Int64) -> ChainFault {
        let which = first == last ? "entry \(first) was" : "entries \(first) to \(last) were"
        return ChainFault(.removed, first, "\(which) removed")
    }
}
