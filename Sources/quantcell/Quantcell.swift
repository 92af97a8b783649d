import ArgumentParser
import WireProtocol

/// The root command.
struct Quantcell: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantcell",
        abstract: "Start, watch and feed trading strategies.",
        discussion: """
            Every command talks to the manager of a runtime folder: --runtime-dir, else QUANTCELL_RUNTIME_DIR, else \
            $XDG_RUNTIME_DIR/quantcell, else quantcell-UID in the temporary folder.

            EXAMPLE
              quantcell-manager run &
              quantcell start-strategy strategies/sma_cross.swift --symbols BTC/USDT
              quantcell replay bars.csv --symbol BTC/USDT
              quantcell signals

            EXIT STATUS
              0    done
              1    the manager refused the command, or some of the input was bad
              64   wrong usage
              65   an input file does not hold what it should
              66   an input file is missing or cannot be read
              69   no manager is running
              73   a file cannot be created
              74   output cannot be written
              75   the manager did not answer in time
              76   the manager's answer cannot be understood
              130  interrupted before the work was done
            """,
        version: QuantCell.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Strategy",
                subcommands: [
                    StartStrategy.self, List.self, Status.self, Why.self, Stop.self, Pause.self, Resume.self,
                    Restart.self, Remove.self, Scale.self, Checkpoints.self, NewStrategy.self,
                ]
            ),
            CommandGroup(name: "History", subcommands: [Logs.self, Signals.self, Journal.self, ReplayRecorded.self]),
            CommandGroup(name: "Market data", subcommands: [Publish.self, Replay.self, Topics.self, DataCommand.self]),
            CommandGroup(
                name: "Manager",
                subcommands: [Ping.self, Top.self, DashboardCommand.self, TokenCommand.self]
            ),
        ]
    )
}
