/// A strategy with a state that says what it saw: how many messages, the sum of their sequences, and each that was out of turn.
///
/// With `sleep` it does nothing for so many seconds in the callback of message `sleepAt`. Its state can be another one, as after a change of its code.
func countingStrategy(state: String = "var count = 0; var sum = 0; var last = 0; var disorder = 0") -> String {
    """
    import Glibc
    import StrategyKit

    @main
    final class Counting: Strategy {
        struct Params: StrategyParams {
            var sleep = 0
            var sleepAt = 1000
            /// A signal is emitted on every so-many-th message.
            var every = 1000
        }
        struct State: Codable { \(state) }
        var state = State()

        func onTick(_ tick: Tick, _ context: Context<Params>) throws { count(Int(tick.sequence), context) }
        func onBar(_ bar: Bar, _ context: Context<Params>) throws { count(Int(bar.sequence), context) }

        private func count(_ sequence: Int, _ context: Context<Params>) {
            if sequence != state.last + 1 { state.disorder += 1 }
            state.last = sequence
            state.count += 1
            state.sum += sequence
            if state.count == context.params.sleepAt, context.params.sleep > 0 { sleep(UInt32(context.params.sleep)) }
            if state.count % context.params.every == 0 { context.signal("count", data: ["count": state.count]) }
        }
    }
    """
}
