import WireProtocol

/// A colour of the terminal.
enum Colour: Int {
    case bold = 1
    case dim = 2
    case red = 31
    case green = 32
    case yellow = 33
    case cyan = 36

    /// The text between the sequences that turn the colour on and off.
    func paint(_ text: String) -> String {
        text.isEmpty ? "" : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
    }

    /// How a worker's state looks.
    init(state: String) {
        switch WorkerState(rawValue: state) {
        case .running: self = .green
        case .paused: self = .yellow
        case .error: self = .red
        case .stopped: self = .dim
        default: self = .cyan
        }
    }
}

/// Text that came from elsewhere, made safe to show.
enum PlainText {
    /// The text on one line: each control character as a blank.
    static func oneLine(_ text: String) -> String {
        let isClean = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        if isClean { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return result
    }

    /// The text with an ellipsis where it goes on beyond so many characters.
    static func cut(_ text: String, to count: Int) -> String {
        text.count <= count ? text : text.prefix(max(count - 1, 0)) + "…"
    }
}
