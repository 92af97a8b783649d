/// What the process that hosts a strategy does for it. Called on the strategy's thread only.
package protocol StrategyHost: AnyObject {
    /// Event time of the data being handled, otherwise the wall clock, in nanoseconds since the Unix epoch.
    var now: Int64 { get }
    /// Whether the data being handled comes from the record.
    var isReplaying: Bool { get }
    /// Lines below this level are not wanted.
    var logLevel: LogLevel { get }

    func log(_ level: LogLevel, _ text: String)
    func subscribe(symbols: [String], dataTypes: [String]) throws(StrategyError)
    func unsubscribe(symbols: [String], dataTypes: [String])
    func emit(_ signal: SignalRequest)
    func history(symbol: String, dataType: String, count: Int) throws(StrategyError) -> [Bar]
    func metric(_ name: String, _ value: Double)
    func schedule(_ name: String, every interval: Duration) throws(StrategyError)
    func cancelTimer(_ name: String)
}

/// A signal as the strategy asked for it, before the host adds where it came from.
package struct SignalRequest: Hashable, Sendable {
    package var name: String
    package var side: Side?
    package var symbol: String?
    package var price: Double?
    package var quantity: Double?
    package var data: [String: SignalValue]
}

/// What a strategy is started with, apart from its parameters.
package struct StrategySetup: Hashable, Sendable {
    package var workerID: String
    package var generation: UInt64
    package var symbols: [String]
    package var dataTypes: [String]

    package init(workerID: String, generation: UInt64, symbols: [String], dataTypes: [String]) {
        self.workerID = workerID
        self.generation = generation
        self.symbols = symbols
        self.dataTypes = dataTypes
    }
}

/// Turns what the user wrote into parameters. It is the host's part, since the kit knows no format.
package protocol ParamsReader {
    /// Lays what the user wrote over `base`.
    ///
    /// - Throws: ``StrategyError`` that names the key, what was expected, and the known keys.
    func params<Params: StrategyParams>(over base: Params) throws(StrategyError) -> Params
}

/// Saves a state. It is the host's part, since the kit knows no format.
package protocol StateWriter {
    func write(_ state: some Encodable) throws
}

/// Reads a state that was saved.
package protocol StateReader {
    func read<State: Decodable>(_ type: State.Type) throws -> State
}
