/// Text in columns: the first two to the left, the others to the right but for what ends the line.
enum Columns {
    static func align(_ rows: [[String]]) -> String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        var text = ""
        for row in rows {
            var line = "  "
            for (column, cell) in row.enumerated() {
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                line += (2...4).contains(column) ? blanks + cell : cell + blanks
                line += "  "
            }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        return text
    }
}

/// Numbers for people: three digits that count, and no exponent.
enum Number {
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return "?" }
        let size = abs(value)
        if size >= 100 { return grouped(Int64(value.rounded())) }
        let decimals = size >= 10 || size == 0 ? 1 : size >= 1 ? 2 : 3
        return fixed(value, decimals: decimals)
    }

    private static func grouped(_ value: Int64) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return value < 0 ? "-\(text)" : text
    }

    private static func fixed(_ value: Double, decimals: Int) -> String {
        let scale = (0..<decimals).reduce(1.0) { result, _ in result * 10 }
        let (whole, rest) = Int64((abs(value) * scale).rounded()).quotientAndRemainder(dividingBy: Int64(scale))
        let digits = String(rest)
        let zeros = String(repeating: "0", count: decimals - digits.count)
        return "\(value < 0 ? "-" : "")\(whole).\(zeros)\(digits)"
    }
}
