/// The strategy of the tests, which does what its parameter `mode` says. Source, as a user writes it.
let actorStrategy = """
    import Glibc
    import StrategyKit

    @main
    final class Actor: Strategy {
        struct Params: StrategyParams {
            var mode = "echo"
            var report = ""
        }

        private var bars = 0

        func onStart(_ context: Context<Params>) throws {
            print("printed by the strategy")
            switch context.params.mode {
            case "crash": exit(1)
            case "refuse": throw StrategyError("not today")
            default: break
            }
            if !context.params.report.isEmpty { try context.every(context.params.report, "report") }
        }

        func onBar(_ bar: Bar, _ context: Context<Params>) throws {
            bars += 1
            if context.params.mode == "stuck" { while true { pause() } }
        if context.params.mode == "throw" { throw StrategyError("bar \\(bar.sequence) is bad") }
            context.signal("bar", side: .buy, data: ["close": bar.close])
        }

        func onTimer(_ name: String, _ context: Context<Params>) throws {
            context.metric("bars", Double(bars))
        }
    }
    """
