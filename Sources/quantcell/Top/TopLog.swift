/// The end of a worker's log, as it grows.
final class TopLog {
    private static let maxLines = 1000

    private var tail: LogTail
    private var rest = ""
    private(set) var lines: [String] = []

    /// Opens the file and goes to its last lines.
    init(path: String) throws(CommandFailure) {
        tail = try LogTail(path: path)
        _ = tail.seek(toLastLines: 200)
        try readOn()
    }

    /// Takes in what has been written since, also when the file has been replaced.
    func readOn() throws(CommandFailure) {
        try take()
        if tail.reopenIfChanged() { try take() }
    }

    private func take() throws(CommandFailure) {
        var bytes: [UInt8] = []
        try tail.readOn { bytes.append(contentsOf: $0.suffix(1 << 20)) }
        guard !bytes.isEmpty else { return }
        var parts = (rest + String(decoding: bytes, as: UTF8.self)).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        rest = parts.popLast().map { String($0.suffix(10_000)) } ?? ""
        lines = (lines + parts.map { String($0) }).suffix(Self.maxLines)
    }
}
