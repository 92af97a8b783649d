// The smallest strategy that does something: it reports, every few seconds, how much data has reached it.
//
//   quantcell start-strategy strategies/heartbeat_probe.swift --symbols BTC/USDT --data-types kline --param interval=10s
//
// Good for seeing that a feed arrives, and as a starting point: copy it, rename the class, add your callbacks.

import StrategyKit

@main
final class HeartbeatProbe: Strategy {
    struct Params: StrategyParams {
        /// How often to report: a number and ms, s, m, h or d.
        var interval = "5s"
    }

    // Counted since the process began. What must survive it belongs in a `State`: see sma_cross.swift.
    private var bars = 0
    private var ticks = 0

    func onStart(_ context: Context<Params>) throws {
        try context.every(context.params.interval, "report")
    }

    func onBar(_ bar: Bar, _ context: Context<Params>) throws {
        bars += 1
    }

    func onTick(_ tick: Tick, _ context: Context<Params>) throws {
        ticks += 1
    }

    func onTimer(_ name: String, _ context: Context<Params>) throws {
        context.log.info("alive: \(bars) bars, \(ticks) ticks so far")
        context.metric("bars", Double(bars))
        context.metric("ticks", Double(ticks))
    }
}
