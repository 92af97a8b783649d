/// What the workers run: a strategy with a state, that now and then emits a signal and prints a line.
enum SoakStrategies {
    static let swift = """
        import StrategyKit

        @main
        final class Soak: Strategy {
            struct State: Codable {
                var bars = 0
                var closes: [Double] = []
            }
            var state = State()

            func onBar(_ bar: Bar, _ context: Context<NoParams>) throws {
                state.bars += 1
                state.closes.append(bar.close)
                if state.closes.count > 100 { state.closes.removeFirst() }
                if state.bars % 1000 == 0 { print("\\(state.bars) bars") }
                if state.bars % 20_000 == 0 { context.signal("soak", side: .buy, data: ["bars": state.bars]) }
            }
        }

        """

    static let python = """
        from quantcell import Strategy


        class Soak(Strategy):
            state = {"bars": 0, "closes": []}

            def on_bar(self, bar, context):
                self.state["bars"] += 1
                self.state["closes"].append(bar.close)
                del self.state["closes"][:-100]
                if self.state["bars"] % 20000 == 0:
                    context.signal("soak", "buy", data={"bars": self.state["bars"]})

        """
}
