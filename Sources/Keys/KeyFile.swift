internal import Glibc
package import ZeroMQ

/// A key on disk, as a ZeroMQ certificate: the format of czmq's `zcert` and pyzmq's `zmq.auth.load_certificate`, with the server's public
/// key in a further line where it is for a client.
///
/// Related ZeroMQ documentation: https://rfc.zeromq.org/spec/4
package struct KeyFile: Hashable, Sendable {
    package let publicKey: CurveKey
    package let secretKey: CurveKey?
    /// The public key of the manager that it is for.
    package let serverKey: CurveKey?

    private static let maxBytes = 4096

    package init(publicKey: CurveKey, secretKey: CurveKey? = nil, serverKey: CurveKey? = nil) {
        self.publicKey = publicKey
        self.secretKey = secretKey
        self.serverKey = serverKey
    }

    /// Reads a file.
    ///
    /// - Throws: ``KeyError`` when it cannot be read, is no certificate, or holds a secret that others may read.
    package init(path: String) throws(KeyError) {
        let bytes = try Self.read(path)
        var values: [Substring: CurveKey] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let name = parts[0].drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            guard ["public-key", "secret-key", "server-key"].contains(name) else { continue }
            let text = parts[1].drop { $0 != "\"" }.dropFirst().prefix { $0 != "\"" }
            guard let key = CurveKey(String(text)) else {
                throw KeyError("\(path) is no key file: its \(name) is not 40 characters of Z85 in quotes")
            }
            values[name] = key
        }
        guard let publicKey = values["public-key"] else {
            throw KeyError("\(path) is no key file: there is no public-key in it")
        }
        self.init(publicKey: publicKey, secretKey: values["secret-key"], serverKey: values["server-key"])
    }

    /// The pair, of a file with a secret.
    ///
    /// - Throws: ``KeyError`` when there is none, or it does not belong to the public key.
    package func pair(from path: String) throws(KeyError) -> CurveKeyPair {
        guard let secretKey else {
            throw KeyError("\(path) holds a public key only; the file with the secret is needed")
        }
        let pair: CurveKeyPair
        do {
            pair = try CurveKeyPair(secretKey: secretKey)
        } catch {
            throw KeyError("\(error)")
        }
        guard pair.publicKey == publicKey else { throw KeyError("the two keys in \(path) do not belong together") }
        return pair
    }

    /// Writes the file with mode 0600, whole or not at all.
    ///
    /// - Parameters:
    ///   - path: Where; a file that is there is replaced.
    ///   - purpose: What it is for, in a few words, as a comment.
    package func write(to path: String, purpose: String) throws(KeyError) {
        var text = "#   \(purpose)\nmetadata\ncurve\n    public-key = \"\(publicKey.text)\"\n"
        if let secretKey { text += "    secret-key = \"\(secretKey.text)\"\n" }
        if let serverKey { text += "    server-key = \"\(serverKey.text)\"\n" }
        let temporary = "\(path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw KeyError.system("write \(temporary)") }
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let error = KeyError.system("write \(path)")
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw error
        }
    }

    private static func read(_ path: String) throws(KeyError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw KeyError.system("read \(path)") }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_size <= maxBytes else {
            throw KeyError("\(path) is no key file")
        }
        var bytes = [UInt8](repeating: 0, count: maxBytes)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw KeyError.system("read \(path)") }
        let text = bytes.prefix(count)
        let isSecret = String(decoding: text, as: UTF8.self).contains("secret-key")
        guard !isSecret || info.st_mode & 0o077 == 0 else {
            throw KeyError(
                "\(path) holds a secret that others on this machine may read: chmod 600 it, or make a new key"
            )
        }
        return Array(text)
    }
}

/// Why a key cannot be used; one line.
package struct KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// Takes the error number that the call on the line above left.
    static func system(_ operation: String) -> KeyError {
        KeyError("cannot \(operation): \(String(cString: strerror(errno)))")
    }
}
