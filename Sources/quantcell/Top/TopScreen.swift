import WireProtocol

/// The lines of `top`'s screen.
struct TopScreen {
    let size: Terminal.Size
    let isColoured: Bool

    /// How many rows of the table fit.
    var page: Int { max(size.rows - 4, 1) }

    private static let columns: [(title: String, width: Int, isNumber: Bool)] = [
        ("ID", 20, false), ("STATE", 18, false), ("BEAT", 7, true), ("RATE/s", 9, true), ("LAG", 9, true),
        ("SIGNALS", 9, true), ("ERRORS", 7, true), ("RESTARTS", 8, true), ("CPU%", 6, true), ("MEMORY", 8, true),
    ]

    private static let hint = "p pause  r restart  x stop  w why  l log  t topics  s order  / filter  ? help  q quit"

    private static let keys = [
        "j k ↑ ↓    choose a worker", "p          pause or resume it", "r          restart it",
        "x          stop it", "w          why: what happened to it, what comes next", "t          the topics",
        "l Enter    its log, followed", "s          order by the next column",
        "/          filter by id, state or symbol",
        "Esc        take the filter away", "q          leave",
    ]

    /// The table, or the help over it.
    func lines(_ model: TopModel) -> [String] {
        var lines = [cut(head(model)), paint(title, .dim)]
        if model.mode == .help {
            lines += Self.keys.map { cut("  \($0)") }
        } else {
            lines += rows(model)
        }
        while lines.count < size.rows - 1 { lines.append("") }
        return Array(lines.prefix(size.rows - 1)) + [cut(foot(model))]
    }

    /// The log of a worker: as many of its last lines as fit.
    func lines(log: [String], of id: String) -> [String] {
        let room = max(size.rows - 2, 1)
        var lines = [paint(cut("log of \(id)"), .bold)] + log.suffix(room).map { cut(PlainText.oneLine($0)) }
        while lines.count < size.rows - 1 { lines.append("") }
        return Array(lines.prefix(size.rows - 1)) + [cut("Esc: back")]
    }

    /// A page of lines that can be longer than the screen.
    ///
    /// - Parameter scrolled: How many lines to leave out above; never so many that the last ones would leave the screen.
    func lines(page lines: [String], title: String, scrolled: Int) -> [String] {
        let room = max(size.rows - 2, 1)
        let hidden = min(scrolled, max(lines.count - room, 0))
        var shown = [paint(cut(title), .bold)] + lines.dropFirst(hidden).prefix(room).map(cut)
        while shown.count < size.rows - 1 { shown.append("") }
        let more = lines.count > room ? "j k: scroll  " : ""
        return Array(shown.prefix(size.rows - 1)) + [cut("\(more)Esc: back")]
    }

    private func head(_ model: TopModel) -> String {
        if !model.trouble.isEmpty { return "quantcell top · \(model.trouble)" }
        let counts = Dictionary(grouping: model.rows, by: \.state).map { ($0.key, $0.value.count) }.sorted {
            $0.0 < $1.0
        }
        let states = counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        let filter = model.filter.isEmpty ? "" : " · filter '\(model.filter)'"
        return "quantcell top · \(states.isEmpty ? "no strategies" : states) · by \(model.order.rawValue)\(filter)"
    }

    private func foot(_ model: TopModel) -> String {
        switch model.mode {
        case .filtering: "filter: \(model.filter)_"
        case .confirming(let type, let id): "\(type.rawValue) \(id)? y or n"
        default:
            model.notice.isEmpty ? Self.hint : model.notice
        }
    }

    private var title: String { cut(Self.columns.map { pad($0.title, $0.width, $0.isNumber) }.joined(separator: " ")) }

    private func rows(_ model: TopModel) -> [String] {
        let shown = model.shown
        let index = shown.firstIndex { $0.id == model.chosen } ?? 0
        let first = max(0, min(index - page / 2, shown.count - page))
        return shown.dropFirst(first).prefix(page).map { row in
            let text = cut(line(row))
            if row.id == model.chosen { return isColoured ? "\u{1B}[7m\(text)\u{1B}[0m" : "> \(text.dropLast(2))" }
            return paint(text, row.isWrong ? .red : Colour(state: row.state))
        }
    }

    private func line(_ row: TopRow) -> String {
        let state = ([row.state] + row.verdicts).joined(separator: " ")
        let values: [String] = [
            row.id, state, row.heartbeatAge.map(Self.age) ?? "-", row.rate.map(Self.rounded) ?? "-",
            row.lag.map(Self.count) ?? "-", Self.count(row.signals), Self.count(row.errors), Self.count(row.restarts),
            row.cpu.map { Self.rounded($0 * 100) } ?? "-", row.memory.map(Self.size) ?? "-",
        ]
        let cells = zip(values, Self.columns).map { pad(PlainText.cut($0, to: $1.width), $1.width, $1.isNumber) }
        return cells.joined(separator: " ") + (row.isWrong ? "  \(row.lastError)" : "")
    }

    private static func count(_ value: Int64) -> String { NumberText.grouped(Int(clamping: value)) }

    private static func age(_ seconds: Double) -> String {
        DurationText.short(nanoseconds: Int64(min(seconds, 1e8) * 1e9))
    }

    private static func rounded(_ value: Double) -> String {
        let tenths = Int(min(max(value, 0), 1e12) * 10)
        return value >= 100 ? NumberText.grouped(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }

    private static func size(_ bytes: Int64) -> String {
        let tenths = bytes / 104_858
        return "\(tenths / 10).\(tenths % 10)M"
    }

    private func pad(_ text: String, _ width: Int, _ isNumber: Bool) -> String {
        let space = String(repeating: " ", count: max(width - text.count, 0))
        return isNumber ? space + text : text + space
    }

    private func cut(_ text: String) -> String { PlainText.cut(text, to: size.columns) }

    private func paint(_ text: String, _ colour: Colour) -> String { isColoured ? colour.paint(text) : text }
}
