import Foundation
import Glibc

/// What a strategy of a chaos run can be told to do: it obeys when the bar of its own symbol has this as its close.
enum ChaosOrder: Int, CaseIterable {
    /// Never return from the callback.
    case spin = 1
    /// Ignore SIGTERM, and never return.
    case stubborn
    /// Exit with a code.
    case exit
    /// Read where there is nothing.
    case fault
    /// Leave a process that has left its session and lost its parent, and ignores SIGTERM.
    case daemon
    /// Leave thirty of them at once.
    case burst
    /// Print a megabyte.
    case flood

    /// Whether the process that obeys does not survive it.
    var isLethal: Bool {
        switch self {
        case .spin, .stubborn, .exit, .fault: true
        case .daemon, .burst, .flood: false
        }
    }
}

/// Emits a signal for each bar of `X`, and does what it is told by bars of the symbol that is its own name. Before it does something of
/// which it may die it writes that down, since nobody else can know.
let chaosStrategy = """
    import Glibc
    import StrategyKit

    @main
    final class Chaotic: Strategy {
        struct Params: StrategyParams {
            var name = ""
            var folder = ""
        }

        func onStart(_ context: Context<Params>) throws {
            guard access(context.params.folder + "/gate-" + context.params.name, F_OK) == 0 else { return }
            note("gate", context)
            exit(3)
        }

        func onBar(_ bar: Bar, _ context: Context<Params>) throws {
            guard bar.symbol != "X" else { return context.signal("bar", side: .buy, data: ["close": bar.close]) }
            switch Int(bar.close) {
            case 1:
                note("spin", context)
                spinsForEver()
            case 2:
                note("stubborn", context)
                signal(SIGTERM, SIG_IGN)
                spinsForEver()
            case 3:
                note("exit", context)
                exit(7)
            case 4:
                note("fault", context)
                raise(SIGSEGV)
            case 5:
                // On a busy machine these three take longer than a callback may.
                note("daemon", context)
                _ = system("setsid -f sh -c 'trap \\"\\" TERM HUP; while :; do sleep 1000; done' </dev/null")
            case 6:
                note("burst", context)
                _ = system("for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3; do setsid -f sleep 1000; done; done </dev/null")
            case 7:
                note("flood", context)
                for line in 0..<10_000 { print("line \\(line) of a flood, and each of them has about a hundred bytes, as it should be ........") }
            default: break
            }
        }

        private func note(_ what: String, _ context: Context<Params>) {
            let line = "\\(getpid()) \\(context.params.name) \\(what)\\n"
            let file = open(context.params.folder + "/ledger", O_WRONLY | O_APPEND | O_CREAT, 0o600)
            _ = write(file, line, line.utf8.count)
            close(file)
        }
    }

    /// The optimiser cannot know that this has no end.
    @inline(never) func spinsForEver() {
        var time = timespec()
        while time.tv_sec >= 0 { clock_gettime(CLOCK_MONOTONIC, &time) }
    }
    """

/// The same in Python.
let pythonChaosStrategy = """
    import itertools
    import os
    import signal

    from quantcell import Strategy


    class Chaotic(Strategy):
        params = {"name": "", "folder": ""}

        def on_start(self, context):
            if os.path.exists(f"{self.params.folder}/gate-{self.params.name}"):
                self.note("gate")
                os._exit(3)

        def on_bar(self, bar, context):
            if bar.symbol == "X":
                return context.signal("bar", "buy", data={"close": bar.close})
            order = int(bar.close)
            if order == 1:
                self.note("spin")
                # In C, and without ever letting go of the interpreter's lock.
                sum(itertools.repeat(1))
            elif order == 2:
                self.note("stubborn")
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                while True:
                    pass
            elif order == 3:
                self.note("exit")
                os._exit(7)
            elif order == 4:
                self.note("fault")
                os.kill(os.getpid(), signal.SIGSEGV)
            elif order == 5:
                # On a busy machine these three take longer than a callback may.
                self.note("daemon")
                os.system("setsid -f sh -c 'trap \\"\\" TERM HUP; while :; do sleep 1000; done' </dev/null")
            elif order == 6:
                self.note("burst")
                os.system("for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3; do setsid -f sleep 1000; done; done </dev/null")
            elif order == 7:
                self.note("flood")
                for line in range(10_000):
                    print(f"line {line} of a flood, and each of them has about a hundred bytes, as it should be ........")

        def note(self, what):
            with open(f"{self.params.folder}/ledger", "ab", buffering=0) as ledger:
                ledger.write(f"{os.getpid()} {self.params.name} {what}\\n".encode())
    """
