internal import Logging
internal import WireProtocol

/// Passes lines on to another handler, without the secrets that are known.
struct ScrubbingLogHandler: LogHandler {
    private var inner: any LogHandler
    private let secrets: KnownSecrets

    init(_ inner: any LogHandler, _ secrets: KnownSecrets) {
        self.inner = inner
        self.secrets = secrets
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { inner.metadataProvider }
        set { inner.metadataProvider = newValue }
    }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(secrets.scrub(event.message.description))"
        event.metadata = event.metadata.map { $0.reduce(into: [:]) { $0[$1.key] = scrubbed($1.key, $1.value) } }
        inner.log(event: event)
    }

    private func scrubbed(_ key: String, _ value: Logger.MetadataValue) -> Logger.MetadataValue {
        if Secrets.isSecret(key) { return .string(Secrets.mark) }
        switch value {
        case .string(let text): return .string(secrets.scrub(text))
        case .stringConvertible(let value): return .string(secrets.scrub(value.description))
        case .array(let values): return .array(values.map { scrubbed("", $0) })
        case .dictionary(let values):
            return .dictionary(values.reduce(into: [:]) { $0[$1.key] = scrubbed($1.key, $1.value) })
        }
    }
}
