/// The strategy: it reads its thread's count after each round, and tells all of them at the end.
enum ProbeSource {
    static let text = """
        import Glibc
        import StrategyKit

        @_silgen_name("ac_own") private func own(_ thread: Int32) -> Int
        @_silgen_name("ac_zmq") private func zmq(_ thread: Int32) -> Int
        @_silgen_name("ac_trace") private func trace(_ thread: Int32)
        @_silgen_name("ac_print_traces") private func printTraces()

        @main
        final class AllocationProbe: Strategy {
            struct Params: StrategyParams {
                var results = ""
                var messages = 0
                var rounds = 0
                var warmUps = 0
            }
            // What a strategy with a state costs is part of it.
            struct State: Codable { var last = 0.0 }

            var state = State()
            private var messages = 0
            private var roundLength = 0
            private var rounds = 0
            private var warmUps = 0
            private var owns = [Int](repeating: 0, count: 1000)
            private var zmqs = [Int](repeating: 0, count: 1000)

            func onStart(_ context: Context<Params>) throws {
                roundLength = context.params.messages
                rounds = context.params.rounds + context.params.warmUps
                warmUps = context.params.warmUps
            }

            func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                state.last = bar.close
                messages += 1
                guard messages % roundLength == 0 else { return }
                let round = messages / roundLength
                owns[round] = own(0)
                zmqs[round] = zmq(0)
                if round == warmUps { trace(0) }
                if round == rounds { tell(context.params.results) }
            }

            private func tell(_ path: String) {
                printTraces()
                var text = ""
                for round in (warmUps + 1)...rounds {
                    text += "\\(owns[round] - owns[round - 1]) \\(zmqs[round] - zmqs[round - 1])\\n"
                }
                guard let file = fopen(path, "w") else { return }
                fputs(text, file)
                fclose(file)
            }
        }

        """
}
