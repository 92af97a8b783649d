/// What was found, as a table.
struct Report {
    private struct Row {
        let path: String
        let counts: Counts
        let isJudged: Bool

        var verdict: String {
            guard isJudged else { return "not judged" }
            return isGood ? "ok" : "ALLOCATES"
        }

        var isGood: Bool { !isJudged || counts.fewest == 0 }
    }

    private var rows: [Row] = []

    /// Code that is not optimised allocates for closures and existentials.
    static var isJudged: Bool { !_isDebugAssertConfiguration() }

    /// Whether nothing was allocated where that is said.
    var isGood: Bool { rows.allSatisfy(\.isGood) }

    mutating func add(_ scene: Scene, _ findings: Findings) {
        let recorded = scene.isRecorded ? "recorded" : "not recorded"
        rows.append(
            Row(
                path: "broker: PULL to \(scene.lanes), \(scene.body), \(recorded)",
                counts: findings.broker,
                isJudged: Self.isJudged
            )
        )
        rows.append(
            Row(
                path: "worker: \(scene.workersLane) to onBar, \(scene.body), \(recorded)",
                counts: findings.worker,
                isJudged: Self.isJudged && scene.isWorkerJudged
            )
        )
    }

    var text: String {
        let width = rows.map(\.path.count).max() ?? 0
        var text =
            "Allocations for \(Scene.messages) messages: the fewest and the most of \(Scene.rounds) rounds; libzmq's own in the middle one.\n"
        for row in rows {
            let zmq = row.counts.zmq.sorted()[row.counts.zmq.count / 2]
            let path = row.path + String(repeating: " ", count: width - row.path.count)
            text += "\(path)  \(row.counts.fewest) to \(row.counts.own.max() ?? 0), libzmq \(zmq): \(row.verdict)\n"
        }
        if !Self.isJudged { text += "Built without optimisation, nothing is judged: make test-allocations.\n" }
        return text
    }
}
