import ArgumentParser
import Glibc
import WireProtocol

/// `quantcell checkpoint`
struct Checkpoints: ParsableCommand {
    /// What is done with a checkpoint.
    enum Action: String, CaseIterable, ExpressibleByArgument {
        case show, save, reset, export, `import`
    }

    /// The largest file that is imported, bytes: a state of 16 MiB and its positions.
    private static let maxFileBytes = 20 << 20

    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Show, save, throw away, export or import the saved state of a strategy.",
        discussion: """
            A strategy with a State is saved together with the last sequence of each of its topics; its next process goes \
            on from there.
              show     what is saved (the default)
              save     have it saved now
              reset    throw it away; the strategy must be stopped, and begins anew when it is started
              export   write it as JSON, to --file or standard output
              import   put a file of that form in its place; the strategy must be stopped

            After a change of State, a saved state may no longer fit, and the start is refused. Then export it, change the \
            file to the new form and import it; or reset it.

            EXAMPLE
              quantcell checkpoint sma-btc
              quantcell checkpoint sma-btc export --file sma.json
              quantcell checkpoint sma-btc import --file sma.json
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @Argument(help: "show, save, reset, export or import.")
    var action = Action.show

    @Option(
        help: ArgumentHelp(
            "The file to export to or to import; standard output or input unless given.",
            valueName: "file"
        ),
        completion: .file()
    )
    var file: String?

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if file != nil, action != .export, action != .import {
            throw ValidationError("--file goes with export and import.")
        }
    }

    func run() throws {
        var payload: [String: JSONValue] = ["op": .string(action == .export ? Action.show.rawValue : action.rawValue)]
        if action == .import { payload["checkpoint"] = try readFile() }
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(60))
        let answer = try client.ask(.checkpoint, workerID: id, payload: payload)
        let output = Output()
        if action == .reset {
            try output.line(
                json ? WorkerCommand.result(answer).text : "\(PlainText.oneLine(id)): the checkpoint is thrown away"
            )
            return try output.flush()
        }
        guard let checkpoint = answer["checkpoint"] else {
            throw CommandFailure.badAnswer("the manager's answer to 'checkpoint' lacks 'checkpoint'")
        }
        if action == .export, let file {
            try write(checkpoint.text + "\n", to: file)
        } else if json || action == .export {
            try output.line(checkpoint.text)
        } else {
            for line in Block.lines(block(checkpoint), isColoured: output.isColoured) { try output.line(line) }
        }
        try output.flush()
    }

    private func block(_ checkpoint: JSONValue) -> [(key: String, value: Table.Cell)] {
        let fields = FieldText()
        return [
            ("worker", Table.Cell(fields.plain(checkpoint["worker_id"]))),
            ("strategy", Table.Cell(fields.plain(checkpoint["strategy"]))),
            (
                "saved",
                Table.Cell(
                    "\(fields.absolute(checkpoint["saved_at"])) UTC (\(fields.relative(checkpoint["saved_at"])))"
                )
            ),
            ("reason", Table.Cell(fields.plain(checkpoint["reason"]))),
            ("generation", Table.Cell(fields.plain(checkpoint["generation"]))),
            ("ordinal", Table.Cell(fields.plain(checkpoint["ordinal"]))),
            ("positions", Table.Cell(fields.plain(checkpoint["positions"]))),
            ("state", Table.Cell(checkpoint["state"]?.text ?? "-")),
        ]
    }

    private func readFile() throws(CommandFailure) -> JSONValue {
        let path = file ?? "/dev/stdin"
        let text =
            file == nil
            ? try StandardInput.text(limit: Self.maxFileBytes) : try InputFile.text(at: path, limit: Self.maxFileBytes)
        do {
            return try JSONValue(parsing: text)
        } catch {
            throw .badFile("\(path): \(error)")
        }
    }

    private func write(_ text: String, to path: String) throws(CommandFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotCreate("\(path) cannot be created: \(errorText(errno))") }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let number = errno
                close(descriptor)
                throw .output("\(path) cannot be written: \(errorText(number))")
            }
            bytes = bytes.dropFirst(count)
        }
        guard close(descriptor) == 0 else { throw .output("\(path) cannot be written: \(errorText(errno))") }
    }
}

/// Standard input as a whole.
enum StandardInput {
    /// Reads it to its end.
    ///
    /// - Throws: ``CommandFailure`` when it cannot be read, is larger than `limit` bytes, or is not UTF-8.
    static func text(limit: Int) throws(CommandFailure) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .noInput("standard input cannot be read: \(errorText(errno))") }
            if count == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        guard bytes.count <= limit else { throw .noInput("standard input is larger than \(limit) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badFile("standard input: not UTF-8 text")
        }
        return text
    }
}
