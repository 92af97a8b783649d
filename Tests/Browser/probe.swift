import StrategyKit

/// The strategy of the browser tests: it writes a line and emits a signal for each bar, and ends badly when it is told to.
@main
final class Probe: Strategy {
    struct Params: StrategyParams {
        var window = 5
        var label = "bar"
        var mode = ""
    }

    private var bars = 0

    func onStart(_ context: Context<Params>) throws {
        context.log.info("window \(context.params.window), label \(context.params.label)")
        if context.params.mode == "refuse" { throw StrategyError(context.params.label) }
    }

    func onParams(_ previous: Params, _ context: Context<Params>) throws {
        context.log.info("window was \(previous.window), is \(context.params.window)")
    }

    func onBar(_ bar: Bar, _ context: Context<Params>) throws {
        bars += 1
        context.log.info("\(context.params.label) \(bar.sequence) closes at \(bar.close)")
        if context.params.mode == "throw" { throw StrategyError(context.params.label) }
        context.signal(context.params.label, side: .buy, data: ["bars": Double(bars)])
    }
}
