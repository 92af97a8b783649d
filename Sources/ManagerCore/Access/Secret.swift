internal import Crypto

/// Random strings that stand for somebody, and how they are told apart.
enum Secret {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    /// 43 characters of 6 bits each: 258 bits, from the system's random source.
    private static let length = 43
    /// The longest text that is looked at, bytes.
    private static let maxBytes = 256

    static func make(prefix: String = "") -> String {
        var generator = SystemRandomNumberGenerator()
        let characters = (0..<length).map { _ in alphabet[Int(generator.next() & 63)] }
        return prefix + String(decoding: characters, as: UTF8.self)
    }

    /// What is kept of a secret. A hash without salt and stretching is enough: nobody guesses 258 random bits.
    static func digest(_ secret: String) -> [UInt8]? {
        guard secret.utf8.count <= maxBytes else { return nil }
        return Array(SHA256.hash(data: Array(secret.utf8)))
    }

    /// Whether two digests are equal, in a time that does not depend on where they differ.
    static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }

    static func hex(_ digest: [UInt8]) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func bytes(hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
