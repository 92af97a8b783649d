/// A strategy that goes wrong in the way that its parameter `mode` says, on its bars; without one it emits a signal for each.
let supervisedStrategy = """
    import Glibc
    import StrategyKit

    @main
    final class Supervised: Strategy {
        struct Params: StrategyParams {
            var mode = ""
            /// The exit code, or the number of lines to print.
            var number = 0
            /// A file that keeps it from starting while it exists.
            var gate = ""
            /// A file that is made when it stops.
            var farewell = ""
        }

        private var lines = 0

        func onStart(_ context: Context<Params>) throws {
            if !context.params.gate.isEmpty, access(context.params.gate, F_OK) == 0 {
                throw StrategyError("the gate is shut")
            }
            if context.params.mode == "daemon" {
                _ = system("setsid -f sh -c 'trap \\"\\" TERM HUP; while :; do sleep 1000; done' </dev/null")
            }
            if context.params.mode == "stubborn" { signal(SIGTERM, SIG_IGN) }
        }

        func onBar(_ bar: Bar, _ context: Context<Params>) throws {
            switch context.params.mode {
            case "spin", "stubborn": spinsForEver()
            case "slow": spins(for: context.params.number)
            case "exit": exit(Int32(context.params.number))
            case "trap": descends(context.params.number)
            case "memory":
                var blocks: [[UInt8]] = []
                for _ in 0..<1024 { blocks.append([UInt8](repeating: 1, count: 1 << 20)) }
                context.metric("blocks", Double(blocks.count))
            case "files":
                var last: Int32 = 0
                while case let file = open("/dev/null", O_RDONLY), file >= 0 { last = file }
                exit(errno == EMFILE ? last : 0)
            case "print":
                for _ in 0..<context.params.number {
                    lines += 1
                    print("line \\(lines) of a strategy that has much to say and says it over and over again")
                }
            default: break
            }
            context.signal("bar", side: .buy, data: ["close": bar.close])
        }

        func onStop(_ context: Context<Params>) throws {
            if !context.params.farewell.isEmpty { close(creat(context.params.farewell, 0o600)) }
        }
    }

    /// The optimiser cannot know that this has no end.
    @inline(never) func spinsForEver() {
        var time = timespec()
        while time.tv_sec >= 0 { clock_gettime(CLOCK_MONOTONIC, &time) }
    }

    @inline(never) func descends(_ levels: Int) {
        if levels == 0 { fatalError("the bottom is reached") }
        descends(levels - 1)
        print("never printed")
    }

    @inline(never) func spins(for seconds: Int) {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let end = time.tv_sec + seconds
        while time.tv_sec <= end { clock_gettime(CLOCK_MONOTONIC, &time) }
    }
    """
