import WireProtocol

/// What `top` shows and what its keys do, without a terminal or a manager.
struct TopModel {
    /// What the rows are ordered by; what is wrong always comes first.
    enum Order: String, CaseIterable {
        case id, rate, cpu, memory, lag, restarts, errors
    }

    /// What the screen is used for.
    enum Mode: Hashable {
        case table
        /// The filter is being typed.
        case filtering
        /// A command waits for a yes.
        case confirming(MessageType, id: String)
        case log(id: String)
        case why(id: String)
        case topics
        case help
    }

    /// What a key asks the program to do.
    enum Request: Hashable {
        case quit
        case command(MessageType, id: String)
        case showLog(id: String)
        case showWhy(id: String)
        case showTopics
    }

    private(set) var rows: [TopRow] = []
    private(set) var order = Order.id
    private(set) var filter = ""
    private(set) var mode = Mode.table
    private(set) var chosen: String?
    /// How many lines of a page, such as `why`, have gone out of sight above.
    private(set) var scrolled = 0
    /// The last thing to be told, such as the result of a command.
    var notice = ""
    /// Why the numbers are old; empty while they are not.
    var trouble = ""

    private var updatedAt: Int64?

    /// The rows that are shown, in their order.
    var shown: [TopRow] {
        let words = filter.lowercased()
        let wanted =
            words.isEmpty
            ? rows : rows.filter { "\($0.id) \($0.state) \($0.symbols)".lowercased().contains(words) }
        return wanted.sorted { $0.isWrong != $1.isWrong ? $0.isWrong : isBefore($0, $1) }
    }

    private func isBefore(_ a: TopRow, _ b: TopRow) -> Bool {
        let (first, second): (Double, Double) =
            switch order {
            case .id: (0, 0)
            case .rate: (a.rate ?? 0, b.rate ?? 0)
            case .cpu: (a.cpu ?? 0, b.cpu ?? 0)
            case .memory: (Double(a.memory ?? 0), Double(b.memory ?? 0))
            case .lag: (Double(a.lag ?? 0), Double(b.lag ?? 0))
            case .restarts: (Double(a.restarts), Double(b.restarts))
            case .errors: (Double(a.errors), Double(b.errors))
            }
        return first == second ? a.id < b.id : first > second
    }

    /// Takes a new look at the workers.
    ///
    /// - Parameters:
    ///   - workers: The manager's answer to `list`.
    ///   - wall: The wall clock, nanoseconds since the Unix epoch.
    ///   - monotonic: A clock that never goes back, nanoseconds.
    mutating func update(_ workers: [JSONValue], wall: Int64, monotonic: Int64) {
        let seconds = updatedAt.map { Double(monotonic - $0) / 1e9 } ?? 0
        let before = Dictionary(rows.map { ($0.id, $0) }) { $1 }
        rows = workers.compactMap { worker in
            var row = TopRow(worker, now: wall)
            if let earlier = row.flatMap({ before[$0.id] }) { row?.measure(since: earlier, seconds: seconds) }
            return row
        }
        updatedAt = monotonic
        trouble = ""
        if chosen == nil || !rows.contains(where: { $0.id == chosen }) { chosen = shown.first?.id }
    }

    // MARK: Keys

    /// Takes a key.
    ///
    /// - Parameter page: How many rows a page is.
    mutating func press(_ key: TopKey, page: Int) -> Request? {
        switch mode {
        case .table: return pressInTable(key, page: page)
        case .filtering:
            pressInFilter(key)
            return nil
        case .confirming(let type, let id):
            mode = .table
            guard key == .character("y") || key == .enter else {
                notice = "not done"
                return nil
            }
            return .command(type, id: id)
        case .log, .why, .topics, .help:
            pressInPage(key, page: page)
            return nil
        }
    }

    private mutating func pressInPage(_ key: TopKey, page: Int) {
        switch key {
        case .up, .character("k"): scrolled = max(scrolled - 1, 0)
        case .down, .character("j"): scrolled += 1
        case .pageUp: scrolled = max(scrolled - page, 0)
        case .pageDown: scrolled += page
        case .escape, .enter, .character("q"), .character("l"), .character("w"), .character("t"), .character("?"):
            mode = .table
        default: break
        }
    }

    private mutating func pressInTable(_ key: TopKey, page: Int) -> Request? {
        notice = ""
        switch key {
        case .up, .character("k"): move(-1)
        case .down, .character("j"): move(1)
        case .pageUp: move(-page)
        case .pageDown: move(page)
        case .character("q"): return .quit
        case .character("o"), .character("s"): turnOrder()
        case .character("/"): mode = .filtering
        case .escape: filter = ""
        case .character("?"), .character("h"): mode = .help
        case .character("p"): ask { $0.state == WorkerState.paused.rawValue ? .resume : .pause }
        case .character("r"): ask { _ in .restart }
        case .character("x"): ask { _ in .stop }
        case .character("l"), .enter:
            guard let chosen else { return nil }
            mode = .log(id: chosen)
            return .showLog(id: chosen)
        case .character("w"):
            guard let chosen else { return nil }
            scrolled = 0
            mode = .why(id: chosen)
            return .showWhy(id: chosen)
        case .character("t"):
            scrolled = 0
            mode = .topics
            return .showTopics
        default: break
        }
        return nil
    }

    private mutating func pressInFilter(_ key: TopKey) {
        switch key {
        case .enter: mode = .table
        case .escape:
            filter = ""
            mode = .table
        case .backspace: _ = filter.popLast()
        case .character(let character) where filter.count < 64: filter.append(character)
        default: break
        }
        if !shown.contains(where: { $0.id == chosen }) { chosen = shown.first?.id }
    }

    private mutating func move(_ step: Int) {
        let shown = shown
        guard !shown.isEmpty else { return }
        let index = shown.firstIndex { $0.id == chosen } ?? 0
        chosen = shown[min(max(index + step, 0), shown.count - 1)].id
    }

    private mutating func turnOrder() {
        let all = Order.allCases
        let index = all.firstIndex(of: order) ?? 0
        order = all[(index + 1) % all.count]
    }

    private mutating func ask(_ command: (TopRow) -> MessageType) {
        guard let row = rows.first(where: { $0.id == chosen }) else { return }
        mode = .confirming(command(row), id: row.id)
    }
}
