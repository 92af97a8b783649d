@preconcurrency import Glibc
import WireProtocol

/// What was measured, for people and for programs.
struct Report {
    /// What the product must reach.
    enum Target {
        case ratioAtLeast(Double)
        case ratioAtMost(Double)
        /// In the row's unit, or what the floor reaches where that is less.
        case atLeastOrFloor(Double)
        /// In the row's unit.
        case atMost(Double)
        /// In the row's unit: how much more than the floor.
        case atMostAboveFloor(Double)
        /// In the row's unit.
        case atLeast(Double)
        /// In the row's unit; or, on a machine that is not up to it, so much of the floor.
        case atLeastOrRatio(Double, Double)

        func isMet(_ row: Row) -> Bool? {
            switch self {
            case .ratioAtLeast(let limit): row.ratio.map { $0.median >= limit }
            case .ratioAtMost(let limit): row.ratio.map { $0.median <= limit }
            case .atLeastOrFloor(let limit): row.product.median >= min(limit, row.floor?.median ?? limit)
            case .atMost(let limit): row.product.median <= limit
            case .atLeast(let limit): row.product.median >= limit
            case .atLeastOrRatio(let limit, let ratio):
                row.product.median >= limit || row.ratio.map { $0.median >= ratio } ?? false
            case .atMostAboveFloor(let limit): row.floor.map { row.product.median - $0.median <= limit }
            }
        }

        func text(_ unit: String) -> String {
            switch self {
            case .ratioAtLeast(let limit): "ratio ≥ \(Number.text(limit))"
            case .ratioAtMost(let limit): "ratio ≤ \(Number.text(limit))"
            case .atLeastOrFloor(let limit): "≥ \(Number.text(limit)) \(unit) or the floor"
            case .atMost(let limit): "≤ \(Number.text(limit)) \(unit)"
            case .atLeast(let limit): "≥ \(Number.text(limit)) \(unit)"
            case .atLeastOrRatio(let limit, let ratio):
                "≥ \(Number.text(limit)) \(unit) or ratio ≥ \(Number.text(ratio))"
            case .atMostAboveFloor(let limit): "≤ floor + \(Number.text(limit)) \(unit)"
            }
        }
    }

    /// One figure and its floor.
    struct Row {
        let name: String
        let unit: String
        let product: Figure
        var floor: Figure?
        var ratio: Figure?
        var target: Target?

        /// Whether the floor differed too much between rounds to be believed.
        var isNoisy: Bool { (floor?.spread ?? 1) > Report.maxSpread }
    }

    /// Rows that were taken together.
    struct Section {
        let title: String
        var rows: [Row] = []
        /// What has to be known to read them.
        var notes: [String] = []
    }

    /// A floor whose rounds lie further apart than this says more about the machine than about the product.
    static let maxSpread = 1.5

    private let showsProgress: Bool
    private let machine = Machine()
    private var loadAtEnd = 0.0
    private(set) var sections: [Section] = []

    init(showsProgress: Bool) {
        self.showsProgress = showsProgress
    }

    // MARK: Taking in

    mutating func begin(_ title: String, notes: [String] = []) {
        sections.append(Section(title: title, notes: notes))
    }

    /// Adds a figure without a floor.
    mutating func add(_ name: String, _ unit: String, _ product: Figure, target: Target? = nil) {
        append(Row(name: name, unit: unit, product: product, target: target))
    }

    /// Adds a figure that was measured beside its floor, round by round.
    mutating func add(_ name: String, _ unit: String, _ product: [Double], floor: [Double], target: Target? = nil) {
        append(
            Row(
                name: name,
                unit: unit,
                product: Figure(product),
                floor: Figure(floor),
                ratio: Figure(zip(product, floor).map { $0 / $1 }),
                target: target
            )
        )
    }

    /// Adds a percentile of times and that of its floor.
    mutating func add(
        _ name: String,
        _ unit: String,
        percent: Double,
        of product: [Latency],
        floor: [Latency],
        per nanoseconds: Double,
        target: Target? = nil
    ) {
        let figure = Latency.figure(product, percent, in: nanoseconds)
        let floorFigure = Latency.figure(floor, percent, in: nanoseconds)
        let ratios = zip(product, floor).map {
            $0.percentile(percent, in: nanoseconds) / $1.percentile(percent, in: nanoseconds)
        }
        append(
            Row(
                name: name,
                unit: unit,
                product: figure,
                floor: floorFigure,
                ratio: Figure(figure.median / floorFigure.median, rounds: ratios),
                target: target
            )
        )
    }

    mutating func note(_ text: String) {
        guard !sections.isEmpty else { return }
        sections[sections.count - 1].notes.append(text)
    }

    mutating func finish() {
        loadAtEnd = Machine.load
    }

    /// Tells whoever waits what is going on.
    func progress(_ text: String) {
        if showsProgress { fputs("… \(text)\n", stderr) }
    }

    private mutating func append(_ row: Row) {
        if sections.isEmpty { begin("") }
        sections[sections.count - 1].rows.append(row)
    }

    // MARK: Giving out

    /// The rows that have not reached their targets.
    var missed: [String] {
        sections.flatMap(\.rows).filter { row in row.target.flatMap { $0.isMet(row) } == false }.map(\.name)
    }

    private var isNoisy: Bool { sections.contains { $0.rows.contains(where: \.isNoisy) } }

    /// An aligned table for each section.
    var text: String {
        var text = "\(machine.text); load \(Number.text(machine.load)) before, \(Number.text(loadAtEnd)) after\n"
        text +=
            "Each figure: median of the rounds (lowest to highest). Ratio: QuantCell by its floor, round by round.\n"
        for section in sections {
            text += "\n\(section.title)\n"
            let header = ["", "unit", "QuantCell", "floor", "ratio", "target", ""]
            text += Columns.align([header] + section.rows.map(Self.cells))
            for note in section.notes { text += "  \(note)\n" }
        }
        if isNoisy {
            text += """

                ! noisy: the floor of that row lies more than \(Number.text(Self.maxSpread)) times apart between rounds. Do not \
                believe it; run again when the machine has nothing else to do.

                """
        }
        return text
    }

    private static func cells(_ row: Row) -> [String] {
        let verdict = row.target.flatMap { $0.isMet(row) }.map { $0 ? "met" : "missed" } ?? ""
        return [
            row.name, row.unit, range(row.product), row.floor.map(range) ?? "–", row.ratio.map(range) ?? "–",
            row.target.map { "\($0.text(row.unit)) \(verdict)" } ?? "", row.isNoisy ? "! noisy" : "",
        ]
    }

    private static func range(_ figure: Figure) -> String {
        "\(Number.text(figure.median)) (\(Number.text(figure.min)) to \(Number.text(figure.max)))"
    }

    /// The same for programs.
    var json: JSONValue {
        [
            "machine": machine.json, "load_before": .number(machine.load), "load_after": .number(loadAtEnd),
            "version": .string(QuantCell.version), "noisy": .bool(isNoisy),
            "sections": .array(
                sections.map { section in
                    [
                        "title": .string(section.title), "rows": .array(section.rows.map(Self.json)),
                        "notes": .array(section.notes.map(JSONValue.string)),
                    ]
                }
            ),
        ]
    }

    private static func json(_ row: Row) -> JSONValue {
        [
            "name": .string(row.name), "unit": .string(row.unit), "quantcell": row.product.json,
            "floor": row.floor?.json ?? .null, "ratio": row.ratio?.json ?? .null,
            "target": row.target.map { .string($0.text(row.unit)) } ?? .null,
            "met": row.target.flatMap { $0.isMet(row) }.map(JSONValue.bool) ?? .null, "noisy": .bool(row.isNoisy),
        ]
    }
}
