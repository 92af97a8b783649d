import ArgumentParser
import Glibc

/// `quantcell new-strategy`
struct NewStrategy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a commented strategy to start from.",
        discussion: """
            Writes NAME.swift, or NAME.py, into the working folder. It runs as it is. An existing file is never touched. \
            No manager is needed.

            EXAMPLE
              quantcell new-strategy breakout
              quantcell start-strategy breakout.swift --symbols BTC/USDT

              quantcell new-strategy reversal.py
            """
    )

    @Argument(help: "A letter, then letters, digits, - and _; NAME.py is one in Python.")
    var name: String

    @Option(help: "The language: swift or python (default: by NAME, else swift).")
    var language: StrategyTemplate.Language?

    // Every command takes it, so that scripts and aliases may always give it.
    @OptionGroup(visibility: .hidden) var manager: ManagerOptions

    func validate() throws {
        if StrategyTemplate(name: name, language: language) != nil { return }
        if let language, StrategyTemplate(name: name) != nil {
            throw ValidationError("'\(name)' is no name for a file in \(language.rawValue).")
        }
        throw ValidationError(
            "'\(name)' is no name for a strategy: a letter, then letters, digits, - and _ are needed."
        )
    }

    func run() throws {
        guard let template = StrategyTemplate(name: name, language: language) else { return }
        try Self.write(template.text, to: template.fileName)
        let output = Output()
        try output.line("wrote \(template.fileName); start it with:")
        try output.line("  quantcell start-strategy \(template.fileName) --symbols BTC/USDT --data-types kline")
        try output.flush()
    }

    private static func write(_ text: String, to path: String) throws(CommandFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let number = errno
            throw .cannotCreate(
                number == EEXIST
                    ? "\(path) exists already; choose another name" : "\(path) cannot be created: \(errorText(number))"
            )
        }
        let bytes = Array(text.utf8)
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let number = errno
        guard close(descriptor) == 0, count == bytes.count else {
            unlink(path)
            throw .output("\(path) cannot be written: \(errorText(count < 0 ? number : ENOSPC))")
        }
    }
}
