import ArgumentParser
import JournalChain
import WireProtocol

/// `quantcell journal verify`
struct JournalVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that nobody altered, removed or added anything in the journal.",
        discussion: """
            Each entry has a SHA-256 over itself and the one before it. Reads the file itself, whether a manager runs on it \
            or not, and names the first entry that is not as it was written. No manager is needed.

            Whoever can write the file can make the whole chain anew, or put back an old copy. To find that out, too, keep \
            the last hash somewhere else, and ask for it later with --containing.

            Exit code 0 when all is right, 1 when it is not.

            EXAMPLE
              quantcell journal verify
              quantcell journal verify --path /backup/journal.db --json
              quantcell journal verify --containing 1843:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
            """
    )

    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "The manager's data folder (default: QUANTCELL_DATA_DIR, else below XDG_DATA_HOME).",
            valueName: "folder"
        ),
        completion: .directory
    )
    var dataFolder: String?

    @Option(
        help: ArgumentHelp("The file, if it is not journal.db in that folder.", valueName: "file"),
        completion: .file()
    )
    var path: String?

    @Option(
        help: ArgumentHelp(
            "An entry and the hash that it had: the journal must still have it.",
            valueName: "entry:hash"
        )
    )
    var containing: NotedHash?

    @Flag(help: "Print JSON.")
    var json = false

    /// Takes --json for its own, where it stands behind 'verify', too.
    @ParentCommand var journal: Journal

    // Every command takes it, so that scripts and aliases may always give it.
    @OptionGroup(visibility: .hidden) var manager: ManagerOptions

    func validate() throws {
        if path != nil, dataFolder != nil { throw ValidationError("--path and --data-dir exclude each other.") }
        if journal.csv || journal.follow { throw ValidationError("'verify' knows neither --csv nor -f.") }
    }

    func run() throws {
        let path = try path.map { Path.absolute($0) } ?? DataFolder(flag: dataFolder).journal
        let verification: JournalVerification
        let json = json || journal.json
        var progress = VerificationProgress()
        do {
            verification = try JournalVerifier(path: path).verify(containing: containing?.mark) { progress.update($0) }
        } catch {
            progress.clear()
            throw CommandFailure(error)
        }
        progress.clear()
        let output = Output()
        if json {
            try output.line(verification.json(path).text)
        } else if verification.fault == nil {
            for line in verification.lines(path) { try output.line(line) }
        }
        try output.flush()
        if let fault = verification.fault {
            throw json ? CommandFailure.badInputReported : CommandFailure.badInput("\(path): \(fault)")
        }
    }
}

/// A place and the hash that stood there: `1843:9f86…`.
struct NotedHash: ExpressibleByArgument {
    let mark: ChainState.Mark

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let seq = Int64(parts[0]), seq >= 0, let hash = ChainHash(hexadecimal: parts[1]) else {
            return nil
        }
        mark = ChainState.Mark(seq: seq, hash: hash)
    }
}

/// How far a verification has come, on one line of a terminal.
private struct VerificationProgress {
    private let isShown = Diagnostics.isTerminal
    private var isOnScreen = false

    mutating func update(_ progress: JournalVerifier.Progress) {
        guard isShown else { return }
        isOnScreen = true
        let (seq, last) = (NumberText.grouped(Int(progress.seq)), NumberText.grouped(Int(progress.last)))
        Diagnostics.put("\rentry \(seq) of \(last)\u{1B}[K")
    }

    mutating func clear() {
        if isOnScreen { Diagnostics.put("\r\u{1B}[K") }
        isOnScreen = false
    }
}

extension CommandFailure {
    fileprivate init(_ error: VerificationError) {
        self =
            switch error.code {
            case .cannotRead: .noInput(error.description)
            case .notVerifiable: .badFile(error.description)
            // The file is not what was written, and that is what was asked.
            case .damaged: .badInput(error.description)
            }
    }
}

extension JournalVerification {
    fileprivate func lines(_ path: String) -> [String] {
        func grouped(_ number: Int64) -> String { NumberText.grouped(Int(number)) }
        var lines = [
            "\(path): nothing was altered, removed or added",
            "checked       entries \(grouped(entries)), signals \(grouped(signals)), deaths \(grouped(deaths))",
        ]
        if uncovered > 0 { lines.append("older         entries and signals \(grouped(uncovered)), which have no hash") }
        if anchor > 0 { lines.append("begins behind entry \(grouped(anchor))") }
        lines.append("ends with     \(head.seq):\(head.hash)")
        return lines
    }

    fileprivate func json(_ path: String) -> JSONValue {
        [
            "ok": .bool(fault == nil),
            "path": .string(path),
            "entries": .integer(entries),
            "signals": .integer(signals),
            "deaths": .integer(deaths),
            "not_covered": .integer(uncovered),
            "anchor_seq": .integer(anchor),
            "head_seq": .integer(head.seq),
            "head_hash": .string(head.hash.description),
            "fault": fault.map { fault in
                [
                    "deed": .string(fault.deed.rawValue),
                    "seq": fault.seq == 0 ? .null : .integer(fault.seq),
                    "message": .string(fault.description),
                ]
            } ?? .null,
        ]
    }
}
