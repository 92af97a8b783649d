internal import HTTPTypes

/// What every answer tells a browser: run nothing but what comes from here, show it nowhere else, tell nobody.
enum SecurityHeaders {
    static let contentPolicy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
        font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'
        """

    static let all: [(HTTPField.Name, String)] = [
        ("Content-Security-Policy", contentPolicy), ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
}
