import Yams

extension Node {
    /// The node, unless it is a key without a value: that says no more than a key that is missing.
    var unlessNull: Node? {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return self }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string) ? nil : self
    }

    /// A list may be written as text: one element, or several with commas between them.
    var list: Node {
        guard let text = scalar?.string else { return self }
        let mark = mark
        return Node(
            text.split(separator: ",").map { part in
                let trimmed = part.split(separator: " ").joined(separator: " ")
                return .scalar(Scalar(trimmed, .implicit, .any, mark))
            }
        )
    }

    /// The value for a message.
    var shown: String {
        switch self {
        case .scalar(let scalar): "'\(scalar.string.printable)'"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
