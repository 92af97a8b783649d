/// Where a ring is to be found. Text, so that it can be passed on in a message.
package struct RingOffer: Hashable, Sendable {
    /// The ring's file, for those who read it.
    package let path: String
    /// The file of the word that readers sleep on.
    package let wakePath: String
    /// 32 hexadecimal digits, which no other ring has: a path may come to mean another one.
    package let id: String

    package init(path: String, wakePath: String, id: String) {
        self.path = path
        self.wakePath = wakePath
        self.id = id
    }

    /// An id as text.
    static func text(_ id: (UInt64, UInt64)) -> String {
        [id.0, id.1].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
