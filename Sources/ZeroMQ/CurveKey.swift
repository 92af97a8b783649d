internal import CZeroMQ

/// A public or a secret key of CurveZMQ: 32 bytes, or 40 characters of Z85.
///
/// Related ZeroMQ documentation: zmq_curve(7), zmq_z85_encode(3)
public struct CurveKey: Hashable, Sendable {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// - Parameter bytes: `nil` is the answer for any but 32 of them.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.bytes = Array(bytes)
    }

    /// - Parameter text: `nil` is the answer for what is not 40 characters of Z85.
    public init?(_ text: String) {
        // libzmq looks up whatever it is given: only what Z85 has may reach it.
        guard text.utf8.count == 40, text.utf8.allSatisfy(Self.alphabet.contains) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        guard zmq_z85_decode(&bytes, text) != nil else { return nil }
        self.bytes = bytes
    }

    /// The 40 characters.
    public var text: String {
        var buffer = [CChar](repeating: 0, count: 41)
        zmq_z85_encode(&buffer, bytes, bytes.count)
        return String(decoding: buffer.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static let alphabet = Set(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8
    )
}

/// A long-term key pair of CurveZMQ. Never to be printed whole.
public struct CurveKeyPair: Hashable, Sendable, CustomStringConvertible {
    /// What peers may know.
    public let publicKey: CurveKey
    /// What nobody else may know.
    public let secretKey: CurveKey

    /// The pair that a secret key is one half of.
    ///
    /// - Throws: ``ZeroMQError`` where this libzmq was built without CURVE.
    public init(secretKey: CurveKey) throws(ZeroMQError) {
        var buffer = [CChar](repeating: 0, count: 41)
        guard zmq_curve_public(&buffer, secretKey.text) == 0,
            let publicKey = CurveKey(String(decoding: buffer.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self))
        else { throw ZeroMQError("compute a public key") }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// A new pair.
    ///
    /// - Throws: ``ZeroMQError`` where this libzmq was built without CURVE.
    public static func make() throws(ZeroMQError) -> CurveKeyPair {
        var publicText = [CChar](repeating: 0, count: 41)
        var secretText = [CChar](repeating: 0, count: 41)
        guard zmq_curve_keypair(&publicText, &secretText) == 0,
            let secret = CurveKey(String(decoding: secretText.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self))
        else { throw ZeroMQError("make a key pair") }
        return try CurveKeyPair(secretKey: secret)
    }

    /// The public half alone.
    public var description: String { publicKey.text }
}

/// What a client needs to connect to a socket that demands CURVE.
public struct CurveClient: Hashable, Sendable {
    /// The client's own keys.
    public let keys: CurveKeyPair
    /// The public key of the server: nobody else can pose as it.
    public let serverKey: CurveKey

    /// - Parameters:
    ///   - keys: The client's own.
    ///   - serverKey: Whom it expects.
    public init(keys: CurveKeyPair, serverKey: CurveKey) {
        self.keys = keys
        self.serverKey = serverKey
    }
}
