/// What appending to a record and reading its last hour cost as there are more rows in it.
enum RowGrowth {
    static func measure(_ options: BenchOptions, _ sizes: [Int], into report: inout Report) throws {
        let rounds = options.rounds(5, long: 11)
        report.begin(
            "growth: rows in the record, \(rounds) rounds",
            notes: ["The record is filled as the manager fills it, a bar each 36 s up to now."]
        )
        let workspaces = try sizes.map { size in
            report.progress("growth: filling a record of \(size) rows")
            let workspace = try Workspace()
            let child = try Child(
                role: .fill,
                ["\(workspace.path)/market.db", "\(size)"],
                output: "\(workspace.path)/fill"
            )
            // A hundred million take some ten minutes; a thousand million are nobody's default.
            _ = try child.result(milliseconds: 4 * 3_600_000)
            return workspace
        }
        var appends = sizes.map { (name: "\($0) rows", rounds: [Double]()) }
        var replays = appends
        for round in 1...rounds {
            for (index, size) in sizes.enumerated() {
                report.progress("growth: \(size) rows, round \(round) of \(rounds)")
                let folder = workspaces[index].path
                let child = try Child(
                    role: .grown,
                    ["\(folder)/market.db", "\(size)"],
                    output: "\(folder)/grown-\(round)"
                )
                let numbers = try child.result(milliseconds: 600_000).split(whereSeparator: \.isWhitespace)
                    .compactMap { Double($0) }
                guard numbers.count == 2 else { throw BenchError("a reading process does not say its times") }
                appends[index].rounds.append(numbers[0])
                replays[index].rounds.append(numbers[1])
            }
        }
        report.add("CPU of an append a bar", "µs", appends)
        report.add("CPU of a replay of the last hour a bar", "µs", replays)
    }
}
