import ArgumentParser
import Glibc
import ManagerCore

/// `quantcell-manager check-config FILE`
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks a configuration file and prints what it comes to.",
        discussion: """
            Every problem is printed with its line and column, and the exit code is 78; otherwise the effective configuration is \
            printed, with all defaults, as YAML.

              quantcell-manager check-config config/quantcell.yaml
            """
    )

    @Argument(help: "The configuration file.")
    var file: String

    @OptionGroup var options: ConfigOptions

    func run() throws {
        let settings = try options.load(file).settings.redacted
        print(try settings.effectiveYAML(), terminator: "")
        LineOutput.write("\(file): ok", to: STDERR_FILENO)
    }
}
