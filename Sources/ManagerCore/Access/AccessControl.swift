internal import Synchronization
internal import WireProtocol

/// Who may come in over HTTP: the tokens of programs, and the sessions of people at the dashboard.
///
/// It belongs to no loop: the HTTP side asks it for every request.
package final class AccessControl: Sendable {
    static let maxTokens = 100
    static let maxSessions = 100
    static let maxCodes = 20
    /// How long a login link is good for, seconds.
    static let codeSeconds = 60.0
    /// How long somebody stays logged in, seconds.
    package static let sessionSeconds = 12.0 * 3600
    static let tokenPrefix = "qc_"

    private struct State {
        var tokens: [AccessToken] = []
        var codes: [AccessPass] = []
        var sessions: [AccessPass] = []
        var address: String?
        var absence: String?
    }

    private let state = Mutex(State())
    private let file = Mutex<TokenFile?>(nil)
    private let sessionFile = Mutex<SessionFile?>(nil)
    private let clock: @Sendable () -> Double

    init(clock: @escaping @Sendable () -> Double = { WallClock.seconds() }) {
        self.clock = clock
    }

    /// Reads the tokens and the sessions of a data folder.
    ///
    /// - Throws: ``ManagerError``
    func open(dataFolder: String) throws(ManagerError) {
        let opened = TokenFile(dataFolder: dataFolder)
        let tokens = try opened.read()
        file.withLock { $0 = opened }
        let sessions = SessionFile(dataFolder: dataFolder)
        let earlier = sessions.read().filter { $0.expiresAt > clock() }.suffix(Self.maxSessions)
        sessionFile.withLock { $0 = sessions }
        state.withLock { state in
            state.tokens = tokens
            state.sessions = Array(earlier)
        }
    }

    /// Where the HTTP server can be reached, such as `http://127.0.0.1:8090`; `nil` where there is none.
    package var address: String? {
        get { state.withLock { $0.address } }
        set { state.withLock { $0.address = newValue } }
    }

    /// Why there is no HTTP server though there should be one.
    package var absence: String? {
        get { state.withLock { $0.absence } }
        set { state.withLock { $0.absence = newValue } }
    }

    // MARK: Who is it

    /// Whose token that is.
    package func credential(token: String) -> Credential? {
        guard let digest = Secret.digest(token) else { return nil }
        return state.withLock { state in
            // All of them are looked at, whether or not one has matched.
            let matching = state.tokens.filter { Secret.equal($0.digest, digest) }
            return matching.first.map { Credential(who: "token:\($0.name)", scope: $0.scope, expiresAt: nil) }
        }
    }

    /// Whose session that is, while it lasts.
    package func credential(session: String) -> Credential? {
        guard let digest = Secret.digest(session) else { return nil }
        let now = clock()
        return state.withLock { state in
            let matching = state.sessions.filter { Secret.equal($0.digest, digest) }
            return matching.first { $0.expiresAt > now }
                .map { Credential(who: "dashboard", scope: $0.scope, expiresAt: $0.expiresAt) }
        }
    }

    // MARK: Tokens

    var tokens: [AccessToken] { state.withLock { $0.tokens } }

    /// Makes a token. It is seen this once; only its hash is kept.
    ///
    /// - Throws: ``ManagerError`` for a name that is taken or none, or when the file cannot be written.
    func makeToken(name: String, scope: AccessScope) throws(ManagerError) -> String {
        guard StrategyConfig.isName(name) else {
            throw ManagerError(
                .invalidParameters,
                "'\(name.printable)' cannot be a token's name: 1 to 64 of A-Z a-z 0-9 . _ - are needed"
            )
        }
        let secret = Secret.make(prefix: Self.tokenPrefix)
        let token = AccessToken(
            name: name,
            scope: scope,
            digest: Secret.digest(secret) ?? [],
            createdAt: WallClock.nanoseconds()
        )
        try change { tokens throws(ManagerError) in
            guard !tokens.contains(where: { $0.name == name }) else {
                throw ManagerError(.conflict, "there is a token '\(name)' already; revoke it, or choose another name")
            }
            guard tokens.count < Self.maxTokens else {
                throw ManagerError(.conflict, "there are \(Self.maxTokens) tokens already; revoke one")
            }
            tokens.append(token)
        }
        return secret
    }

    /// Takes a token away; whoever has it is a stranger from now on.
    ///
    /// - Throws: ``ManagerError`` when there is none of that name, or the file cannot be written.
    func revokeToken(name: String) throws(ManagerError) {
        try change { tokens throws(ManagerError) in
            guard let index = tokens.firstIndex(where: { $0.name == name }) else {
                throw ManagerError(.invalidParameters, "there is no token '\(name.printable)'")
            }
            tokens.remove(at: index)
        }
    }

    /// Changes the tokens on disk, then in memory; one change at a time.
    private func change(_ body: (inout [AccessToken]) throws(ManagerError) -> Void) throws(ManagerError) {
        try file.withLock { file throws(ManagerError) in
            guard let file else { throw ManagerError(.serviceUnavailable, "the manager does not run") }
            var tokens = self.tokens
            try body(&tokens)
            try file.write(tokens)
            let changed = tokens
            state.withLock { $0.tokens = changed }
        }
    }

    // MARK: The dashboard

    /// Makes a code that lets somebody log in once, within ``codeSeconds``.
    func makeLoginCode(scope: AccessScope) -> String {
        let code = Secret.make()
        let now = clock()
        state.withLock { state in
            state.codes.removeAll { $0.expiresAt <= now }
            state.codes.append(
                AccessPass(digest: Secret.digest(code) ?? [], scope: scope, expiresAt: now + Self.codeSeconds)
            )
            if state.codes.count > Self.maxCodes { state.codes.removeFirst() }
        }
        return code
    }

    /// Takes a login code, which is void then, and begins a session.
    ///
    /// - Returns: What the session's cookie holds; `nil` for a code that is none, or no longer.
    package func redeem(code: String) -> String? {
        guard let digest = Secret.digest(code) else { return nil }
        let now = clock()
        let session = Secret.make()
        let isGood = state.withLock { state in
            let index = state.codes.firstIndex { Secret.equal($0.digest, digest) }
            guard let index else { return false }
            let pass = state.codes.remove(at: index)
            guard pass.expiresAt > now else { return false }
            state.sessions.removeAll { $0.expiresAt <= now }
            state.sessions.append(
                AccessPass(
                    digest: Secret.digest(session) ?? [],
                    scope: pass.scope,
                    expiresAt: now + Self.sessionSeconds
                )
            )
            if state.sessions.count > Self.maxSessions { state.sessions.removeFirst() }
            return true
        }
        guard isGood else { return nil }
        keepSessions()
        return session
    }

    /// Ends a session.
    package func end(session: String) {
        guard let digest = Secret.digest(session) else { return }
        state.withLock { $0.sessions.removeAll { Secret.equal($0.digest, digest) } }
        keepSessions()
    }

    /// Writes the sessions as they are now. One writer at a time: the file never holds an older state than memory.
    private func keepSessions() {
        sessionFile.withLock { file in file?.write(state.withLock { $0.sessions }) }
    }
}
