/// Secrets among the arguments of a program: `--api-key=x`, `--api-key x`, `api_key=x`, `Authorization: x`.
enum ArgumentSecrets {
    /// The arguments, with ``Secrets/mark`` in place of what is secret.
    static func redacted(_ arguments: [String]) -> [String] {
        scan(arguments).map { $0.hidden == nil ? $0.name : $0.name + Secrets.mark }
    }

    /// What is secret, by the name that it has there.
    static func members(_ arguments: [String]) -> [(name: String, value: JSONValue)] {
        scan(arguments).compactMap { part in part.hidden.map { (part.secretName, $0) } }
    }

    private struct Part {
        /// What may be shown: all of it, or what stands before the secret.
        var name: String
        var secretName = ""
        var hidden: JSONValue?
    }

    private static func scan(_ arguments: [String]) -> [Part] {
        var option: String?
        return arguments.map { argument in
            defer { option = argument.hasPrefix("-") && !argument.contains("=") ? argument : nil }
            // An option that is followed by another one has no value.
            if let option, !argument.hasPrefix("--"), let hidden = hidden(argument, under: option) {
                return Part(name: "", secretName: option, hidden: hidden)
            }
            guard let end = argument.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return Part(name: argument) }
            let name = String(argument[..<end])
            guard let hidden = hidden(String(argument[argument.index(after: end)...]), under: name) else {
                return Part(name: argument)
            }
            return Part(name: String(argument[...end]), secretName: name, hidden: hidden)
        }
    }

    private static func hidden(_ text: String, under name: String) -> JSONValue? {
        let text = text.first == " " ? String(text.dropFirst()) : text
        guard !text.isEmpty else { return nil }
        let value = Double(text).map(JSONValue.number) ?? .string(text)
        return value.hides(under: name) ? .string(text) : nil
    }
}
