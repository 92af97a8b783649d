/// Keys and values for people, one pair a line, the values aligned.
enum Block {
    /// The lines.
    static func lines(_ pairs: [(key: String, value: Table.Cell)], isColoured: Bool) -> [String] {
        let width = pairs.map(\.key.count).max() ?? 0
        return pairs.map { key, value in
            let blanks = String(repeating: " ", count: width - key.count + 2)
            return key + blanks + (isColoured ? value.colour?.paint(value.text) ?? value.text : value.text)
        }
    }
}
