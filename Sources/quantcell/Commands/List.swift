import ArgumentParser
import WireProtocol

/// `quantcell list`
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show all strategies and their states.",
        discussion: """
            With --json: an array of the objects that 'quantcell status ID --json' prints.

            EXAMPLE
              quantcell list
              quantcell list --json | jq -r '.[] | select(.state == "error") | .worker_id'
            """
    )

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(.list)
        guard let workers = answer["workers"]?.arrayValue else {
            throw CommandFailure.badAnswer("the manager's answer to 'list' lacks 'workers'")
        }
        let output = Output()
        if json {
            try output.line(JSONValue.array(workers).text)
        } else if workers.isEmpty {
            Diagnostics.print("no strategies; start one with: quantcell start-strategy PATH")
        } else {
            var table = Table(WorkerText.columns)
            let fields = FieldText()
            for line in table.lines(workers.map { WorkerText.row($0, fields) }, isColoured: output.isColoured) {
                try output.line(line)
            }
        }
        try output.flush()
    }
}
