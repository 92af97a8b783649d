/// A table for people: aligned columns with two blanks between them.
///
/// It may be printed in pieces; a column never becomes narrower, so that the pieces line up as well as they can.
struct Table {
    /// A column's head.
    struct Column {
        let title: String
        let isNumeric: Bool

        /// A column of text, aligned to the left.
        static func text(_ title: String) -> Column { Column(title: title, isNumeric: false) }
        /// A column of numbers, aligned to the right.
        static func number(_ title: String) -> Column { Column(title: title, isNumeric: true) }
    }

    /// What stands in one place.
    struct Cell: Hashable, ExpressibleByStringLiteral {
        let text: String
        let colour: Colour?

        /// A cell. Control characters in its text are shown as blanks: whatever a strategy says stays on its line.
        init(_ text: String, colour: Colour? = nil) {
            self.text = PlainText.oneLine(text)
            self.colour = colour
        }

        init(stringLiteral value: String) {
            self.init(value)
        }
    }

    private let columns: [Column]
    private var widths: [Int]
    private var hasHeader = false

    init(_ columns: [Column]) {
        self.columns = columns
        widths = columns.map(\.title.count)
    }

    /// Lines for more rows, with the header in front of the first ones.
    mutating func lines(_ rows: [[Cell]], isColoured: Bool) -> [String] {
        for row in rows {
            for (index, cell) in row.enumerated() where widths.indices.contains(index) {
                widths[index] = max(widths[index], cell.text.count)
            }
        }
        let header = hasHeader ? [] : [line(columns.map { Cell($0.title, colour: .bold) }, isColoured)]
        hasHeader = true
        return header + rows.map { line($0, isColoured) }
    }

    private func line(_ row: [Cell], _ isColoured: Bool) -> String {
        var text = ""
        for (index, (cell, column)) in zip(row, columns).enumerated() {
            if index > 0 { text += "  " }
            let blanks = String(repeating: " ", count: widths[index] - cell.text.count)
            let shown = isColoured ? cell.colour?.paint(cell.text) ?? cell.text : cell.text
            text += column.isNumeric ? blanks + shown : shown + blanks
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}
