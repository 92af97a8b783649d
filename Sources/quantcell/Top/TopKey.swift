/// A key as `top` knows it.
enum TopKey: Hashable {
    case up, down, pageUp, pageDown, enter, escape, backspace
    case character(Character)

    /// Reads the keys in what a terminal sent; a sequence that means none of them is left out.
    static func parse(_ bytes: [UInt8]) -> [TopKey] {
        var keys: [TopKey] = []
        var rest = bytes[...]
        while let first = rest.first {
            switch first {
            case 0x1B where rest.count > 2 && rest[rest.startIndex + 1] == UInt8(ascii: "["):
                rest = rest.dropFirst(2)
                let end = rest.firstIndex { (0x40...0x7E).contains($0) } ?? rest.endIndex - 1
                if let key = sequence(rest[...end]) { keys.append(key) }
                rest = rest[(end + 1)...]
            case 0x1B:
                keys.append(.escape)
                rest = rest.dropFirst()
            case 0x0D, 0x0A:
                keys.append(.enter)
                rest = rest.dropFirst()
            case 0x7F, 0x08:
                keys.append(.backspace)
                rest = rest.dropFirst()
            default:
                let text = String(decoding: rest.prefix { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self)
                keys += text.map(TopKey.character)
                rest = rest.dropFirst(max(text.utf8.count, 1))
            }
        }
        return keys
    }

    private static func sequence(_ bytes: ArraySlice<UInt8>) -> TopKey? {
        switch String(decoding: bytes, as: UTF8.self) {
        case "A": .up
        case "B": .down
        case "5~": .pageUp
        case "6~": .pageDown
        default: nil
        }
    }
}
