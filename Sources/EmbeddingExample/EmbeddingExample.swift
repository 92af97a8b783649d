import ManagerCore
import MarketData
import WireProtocol

/// A Swift program with the manager inside: starts a strategy, publishes bars, listens to them itself.
///
/// ```
/// swift run EmbeddingExample strategies/sma_cross.swift
/// ```
@main
struct EmbeddingExample {
    static func main() async throws {
        let path = CommandLine.arguments.dropFirst().first ?? "strategies/sma_cross.swift"
        let manager = try WorkerManager(maxWorkers: 2)
        try await manager.start()
        do {
            try await run(manager, path)
        } catch {
            print("failed: \(error)")
        }
        await manager.stop()
    }

    private static func run(_ manager: WorkerManager, _ path: String) async throws {
        let config = StrategyConfig(symbols: ["DEMO"], params: ["fast": 3, "slow": 8])
        let id = try await manager.startStrategy(path: path, config: config)
        print("worker \(id) runs")

        let bars = try await manager.broker.subscribe(symbols: ["DEMO"], dataTypes: ["kline"])
        for index in 0..<60 {
            // A price that goes up and down, so that the averages cross.
            let price = 100 + Double(index % 20 < 10 ? index % 20 : 20 - index % 20)
            let data: JSONValue = [
                "open": .number(price), "high": .number(price + 1), "low": .number(price - 1), "close": .number(price),
                "volume": 1,
            ]
            try await manager.publishMarketData(symbol: "DEMO", dataType: "kline", data: data)
        }
        for await (topic, event) in bars where event.sequence % 60 == 0 {
            print("\(topic) is at sequence \(event.sequence)")
            break
        }
        try await manager.stopWorker(id)
    }
}
