/// A peer's routing id as a value without memory of its own, so that it can be looked up for every message.
struct PeerKey: Hashable {
    /// The longest id. libzmq makes up 5 bytes; one that a publisher sets itself may be longer, and is not taken.
    static let maxBytes = 32

    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private let count: UInt8

    /// `nil` for an id that is too long.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Self.maxBytes else { return nil }
        count = UInt8(bytes.count)
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
    }

    static func == (left: PeerKey, right: PeerKey) -> Bool {
        left.words == right.words && left.count == right.count
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }

    /// The id, to answer.
    var bytes: [UInt8] {
        withUnsafeBytes(of: words) { Array($0.prefix(Int(count))) }
    }
}
