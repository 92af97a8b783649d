internal import Crypto
internal import Keys
internal import ZeroMQ

/// The keys of workers: a pair of its own for each process, made from the manager's secret and the process's identity and token.
///
/// They are made, not kept: a later manager that takes a process over makes the same ones.
struct WorkerKeys: Hashable, Sendable {
    private let managerSecret: CurveKey
    /// What a client checks the manager by.
    let serverKey: CurveKey

    init(_ manager: CurveKeyPair) {
        managerSecret = manager.secretKey
        serverKey = manager.publicKey
    }

    /// The pair of a process.
    ///
    /// - Throws: ``ZeroMQError`` where this libzmq was built without CURVE.
    func pair(identity: String, token: String) throws(ZeroMQError) -> CurveKeyPair {
        var code = HMAC<SHA256>(key: SymmetricKey(data: managerSecret.bytes))
        code.update(data: Array("quantcell worker key\0\(identity)\0\(token)".utf8))
        guard let secret = CurveKey(bytes: Array(code.finalize())) else { return try CurveKeyPair.make() }
        return try CurveKeyPair(secretKey: secret)
    }

    /// What the environment of a process says.
    func environment(_ pair: CurveKeyPair) -> [String: String] {
        [
            "QUANTCELL_SERVER_KEY": serverKey.text, "QUANTCELL_PUBLIC_KEY": pair.publicKey.text,
            "QUANTCELL_SECRET_KEY": pair.secretKey.text,
        ]
    }
}
