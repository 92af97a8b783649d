/// Which names are those of secrets, and JSON without them: passwords, keys and tokens that a strategy is given are nobody's to read in a
/// log. In a member `arguments`, a list of text, they are looked for as programs are told them (``ArgumentSecrets``).
package enum Secrets {
    /// What stands in place of a secret.
    package static let mark = "[redacted]"

    /// Whether a name looks like that of a secret: `api_key`, `apiKey`, `DB_PASSWORD`, `client-secret`, `token`.
    package static func isSecret(_ name: String) -> Bool {
        let words = words(of: name)
        if words.contains(where: strong.contains) || words.last.map(weak.contains) ?? false { return true }
        guard words.count > 1, words.last == "key" || words.last == "keys" else { return false }
        return keys.contains(words[words.count - 2])
    }

    /// Whether a name may as well be that of something else: a token is also what is traded on some markets.
    static func isWeak(_ name: String) -> Bool {
        let words = words(of: name)
        return !words.contains(where: strong.contains) && (words.last.map(weak.contains) ?? false)
    }

    private static let strong: Set<String> = [
        "password", "passwords", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "credential",
        "credentials", "apikey", "apikeys", "apisecret", "accesskey", "secretkey", "privatekey", "authkey", "dsn",
    ]
    private static let weak: Set<String> = ["token", "tokens", "bearer", "authorization"]
    /// What a key is for, where it is one that opens something.
    private static let keys: Set<String> = [
        "api", "access", "private", "secret", "signing", "encryption", "auth", "account", "master", "ssh", "client",
        "server", "curve", "hmac", "license", "session",
    ]

    /// `apiKey`, `API_KEY` and `api-key` are the words `api` and `key`.
    private static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var wasLower = false
        for character in name.unicodeScalars {
            let isUpper = "A"..."Z" ~= character
            let isWord = isUpper || "a"..."z" ~= character || "0"..."9" ~= character
            if !isWord || (isUpper && wasLower) {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if isWord { word += String(character).lowercased() }
            wasLower = isWord && !isUpper
        }
        return word.isEmpty ? words : words + [word]
    }
}

extension JSONValue {
    /// The value, with ``Secrets/mark`` in place of every member whose name looks like that of a secret.
    package var redacted: JSONValue {
        switch self {
        case .object(let members):
            .object(
                Dictionary(
                    members.map { name, value in
                        if value.hides(under: name) { return (name, .string(Secrets.mark)) }
                        guard let arguments = value.arguments(under: name) else { return (name, value.redacted) }
                        return (name, .array(ArgumentSecrets.redacted(arguments).map(JSONValue.string)))
                    }
                ) { $1 }
            )
        case .array(let elements): .array(elements.map(\.redacted))
        default: self
        }
    }

    /// The values of those members, as text.
    package var secrets: [String] {
        switch self {
        case .object(let members):
            members.flatMap { name, value in
                if value.hides(under: name) { return value.texts(isWeak: Secrets.isWeak(name)) }
                guard let arguments = value.arguments(under: name) else { return value.secrets }
                return ArgumentSecrets.members(arguments).flatMap { $1.texts(isWeak: Secrets.isWeak($0)) }
            }
        case .array(let elements): elements.flatMap(\.secrets)
        default: []
        }
    }

    /// The arguments of a program, where that is what the member is.
    private func arguments(under name: String) -> [String]? { name == "arguments" ? stringArrayValue : nil }

    func hides(under name: String) -> Bool {
        guard Secrets.isSecret(name) else { return false }
        switch self {
        case .null, .bool: return false
        // `max_tokens: 100` is a number of them.
        case .integer, .number: return !Secrets.isWeak(name)
        default: return true
        }
    }

    /// Whether a text can be looked for in others: what may well be a word or a symbol there must not be taken for a secret.
    private static func isRare(_ text: String, _ isWeak: Bool) -> Bool {
        let hasDigit = text.utf8.contains { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return text.utf8.count >= (hasDigit && !isWeak ? 6 : 16)
    }

    private func texts(isWeak: Bool) -> [String] {
        switch self {
        case .string(let text): Self.isRare(text, isWeak) ? [text] : []
        case .integer, .number: Self.isRare(text, isWeak) ? [text] : []
        case .array(let elements): elements.flatMap { $0.texts(isWeak: isWeak) }
        case .object(let members): members.values.flatMap { $0.texts(isWeak: isWeak) }
        default: []
        }
    }
}
