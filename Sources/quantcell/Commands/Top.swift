import ArgumentParser
import Glibc
import WireProtocol

/// `quantcell top`
struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch all strategies, live, and act on them.",
        discussion: """
            What is wrong stands first. Keys: j and k choose a worker, p pauses or resumes it, r restarts it, x stops it, w says why, \
            l shows its log, t the topics, s changes the order, / filters, ? shows all keys, q leaves. A command asks before it is carried out.

            EXAMPLE
              quantcell top
              quantcell top --interval 250ms
            """
    )

    @Option(help: ArgumentHelp("How often to look: seconds, or a number with ms, s, m or h.", valueName: "time"))
    var interval: TimeSpan?

    @OptionGroup var manager: ManagerOptions

    func validate() throws {
        guard (interval ?? .seconds(1)).nanoseconds >= 100_000_000 else {
            throw ValidationError("--interval must be at least 100ms.")
        }
    }

    func run() throws {
        let location = try manager.locate()
        let client = try AdminClient(location, timeout: manager.timeout ?? .seconds(10))
        let terminal = try Terminal()
        // A change of the window's size ends the wait for keys.
        signal(SIGWINCH) { _ in }
        Interrupt.becomesRequest()
        var program = TopProgram(
            interval: (interval ?? .seconds(1)).nanoseconds,
            isColoured: Output().isColoured,
            terminal: terminal
        )
        try program.run(client)
    }
}

/// Looks, shows, and carries out what keys ask for, until the user leaves.
private struct TopProgram {
    let interval: Int64
    let isColoured: Bool
    let terminal: Terminal

    private var model = TopModel()
    private var log: TopLog?
    /// The lines of the page that is shown in place of the table.
    private var page: [String] = []
    private var isOver = false

    init(interval: Int64, isColoured: Bool, terminal: Terminal) {
        self.interval = interval
        self.isColoured = isColoured
        self.terminal = terminal
    }

    mutating func run(_ client: borrowing AdminClient) throws(CommandFailure) {
        var nextLook: Int64 = 0
        while !isOver, !Interrupt.isRequested {
            if MonotonicClock.nanoseconds() >= nextLook {
                look(client)
                nextLook = MonotonicClock.nanoseconds() + interval
            }
            show()
            guard let bytes = terminal.keys(until: nextLook) else { return }
            for key in TopKey.parse(bytes) {
                if let request = model.press(key, page: screen.page) { carryOut(request, client) }
            }
        }
    }

    private var screen: TopScreen { TopScreen(size: terminal.size, isColoured: isColoured) }

    private mutating func look(_ client: borrowing AdminClient) {
        do throws(CommandFailure) {
            let workers = try client.ask(.list)["workers"]?.arrayValue ?? []
            model.update(workers, wall: WallClock.nanoseconds(), monotonic: MonotonicClock.nanoseconds())
            if case .log = model.mode { try log?.readOn() }
            try readPage(client)
        } catch {
            model.trouble = PlainText.oneLine(error.message ?? "the manager does not answer")
        }
    }

    private mutating func readPage(_ client: borrowing AdminClient) throws(CommandFailure) {
        switch model.mode {
        case .why(let id): page = WhyText.lines(try client.ask(.why, workerID: id), id: id)
        case .topics: page = TopicsText.lines(try client.ask(.topics), isColoured: false)
        default: break
        }
    }

    private func show() {
        switch model.mode {
        case .log(let id): terminal.show(screen.lines(log: log?.lines ?? [], of: id))
        case .why(let id):
            terminal.show(screen.lines(page: page, title: "why: \(id)", scrolled: model.scrolled))
        case .topics: terminal.show(screen.lines(page: page, title: "topics", scrolled: model.scrolled))
        default: terminal.show(screen.lines(model))
        }
    }

    private mutating func carryOut(_ request: TopModel.Request, _ client: borrowing AdminClient) {
        do throws(CommandFailure) {
            switch request {
            case .quit: isOver = true
            case .command(let type, let id):
                model.notice = "\(type.rawValue) \(id)…"
                show()
                _ = try client.ask(type, workerID: id)
                model.notice = "\(type.rawValue) \(id): done"
                look(client)
            case .showLog(let id):
                guard let path = try client.ask(.logs, workerID: id)["path"]?.stringValue else {
                    throw .badAnswer("the manager's answer to 'logs' lacks 'path'")
                }
                log = try TopLog(path: path)
            case .showWhy, .showTopics:
                page = []
                try readPage(client)
            }
        } catch {
            log = nil
            model.notice = PlainText.oneLine(error.message ?? "failed")
        }
    }
}
