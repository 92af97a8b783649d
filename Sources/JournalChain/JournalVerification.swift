/// What a verification has found.
package struct JournalVerification: Hashable, Sendable {
    /// Entries whose hashes were right, in the chain and kept from before its anchor.
    package internal(set) var entries: Int64 = 0
    /// Signals whose hashes were right.
    package internal(set) var signals: Int64 = 0
    /// Deaths that an entry's hash covers, and that were right.
    package internal(set) var deaths: Int64 = 0
    /// Entries and signals older than the chain, of which nothing can be said.
    package internal(set) var uncovered: Int64 = 0
    /// The place that the chain begins behind; retention has been here.
    package internal(set) var anchor: Int64 = 0
    /// The last entry of the chain.
    package internal(set) var head: ChainState.Mark
    /// The first thing that is wrong; nil when all is right.
    package internal(set) var fault: ChainFault?
}

/// Something that the journal did not do to its own file.
package struct ChainFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was done.
    package enum Deed: String, Sendable {
        case altered
        case removed
        case added
    }

    /// What was done.
    package let deed: Deed
    /// The place of the first entry or signal that it was done to. 0 where it cannot be told.
    package let seq: Int64
    /// What happened, in one line.
    package let description: String

    init(_ deed: Deed, _ seq: Int64, _ description: String) {
        self.deed = deed
        self.seq = seq
        self.description = description
    }
}

/// Why a file cannot be verified at all.
package struct VerificationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable {
        /// There is no such file, or it cannot be read.
        case cannotRead
        /// The file is no journal, or one of another version.
        case notVerifiable
        /// The file is damaged, so that SQLite itself cannot read on.
        case damaged
    }

    /// The kind of failure.
    package let code: Code
    /// What happened and what to do about it, in one line.
    package let description: String
}
