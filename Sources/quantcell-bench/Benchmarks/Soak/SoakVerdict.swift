/// Judges what was seen.
struct SoakVerdict {
    private let log: SoakLog
    private let site: SoakSite
    private let samples: [SoakSample]

    init(_ log: SoakLog, _ site: SoakSite) {
        self.log = log
        self.site = site
        // What is filled once, such as caches, is filled in the first third.
        let warmUp = (log.samples.last?.seconds ?? 0) / 3
        samples = log.samples.filter { $0.seconds >= warmUp }
    }

    /// Adds a row for each measure, and a last word.
    ///
    /// - Returns: Whether all of them are within their bounds.
    func write(into report: inout Report) -> Bool {
        processes(&report)
        files(&report)
        report.add(
            "workers that run at the end",
            "",
            Figure([Double(log.running)]),
            target: .atLeast(Double(log.expected))
        )
        report.add("bars published and not recorded", "", Figure([log.unrecorded]), target: .atMost(0))
        report.add("questions over HTTP without an answer", "", Figure([Double(log.badAnswers)]), target: .atMost(0))
        let failed = report.missed
        report.note(
            "\(Int(log.published)) bars; \(log.kills) kills, \(log.commands) commands (\(log.refusals) at a bad moment), \(log.questions) questions."
        )
        if site.python == nil { report.note("No worker in Python: python3 with pyzmq was not found.") }
        report.note(failed.isEmpty ? "PASS" : "FAIL: \(failed.joined(separator: "; "))")
        return failed.isEmpty
    }

    private func processes(_ report: inout Report) {
        judge("manager, private memory", "KiB", \.manager.privateKiB, share: 0.05, atLeast: 1024, &report)
        judge("manager, resident", "KiB", \.manager.residentKiB, share: 0.05, atLeast: 2048, &report)
        judge("manager, descriptors", "", \.manager.descriptors, share: 0, atLeast: 1, &report)
        judge("manager, threads", "", \.manager.threads, share: 0, atLeast: 0.5, &report)
        judge("manager, child processes", "", \.children, share: 0, atLeast: 0.5, &report)
        judge("steady worker, private memory", "KiB", \.steady.privateKiB, share: 0.05, atLeast: 64, &report)
        judge("steady worker, descriptors", "", \.steady.descriptors, share: 0, atLeast: 0.5, &report)
        judge("steady worker, threads", "", \.steady.threads, share: 0, atLeast: 0.5, &report)
        guard site.python != nil else { return }
        judge(
            "Python worker, private memory",
            "KiB",
            { $0.python?.privateKiB ?? 0 },
            share: 0.05,
            atLeast: 512,
            &report
        )
        judge("Python worker, descriptors", "", { $0.python?.descriptors ?? 0 }, share: 0, atLeast: 0.5, &report)
    }

    /// Adds the level of something, and how it has grown: at most a share of the level, or a fixed amount where that is more.
    private func judge(
        _ name: String,
        _ unit: String,
        _ part: (SoakSample) -> Double,
        share: Double,
        atLeast amount: Double,
        _ report: inout Report
    ) {
        let trend = Trend(samples.map { (seconds: $0.seconds, value: part($0)) })
        report.add(name, unit, Figure(trend.level, rounds: [trend.lowest, trend.highest]))
        report.add(
            "\(name), growth",
            unit,
            Figure([trend.growth]),
            target: .atMost(max(share * trend.level, amount))
        )
    }

    /// The largest that a file ever was.
    private func files(_ report: inout Report) {
        let mebibyte = 1024.0
        // A -wal goes beyond the size at which it is written back while a transaction lasts.
        let journalLimit = Double(SoakSite.journalMiB) * mebibyte + 8 * mebibyte
        add("journal with its -wal", \.journalKiB, limit: journalLimit, &report)
        // Dropping goes in steps, once a second at the latest.
        add("record", \.recordKiB, limit: Double(SoakSite.recordMiB) * mebibyte * 1.1, &report)
        add("record's -wal", \.recordLogKiB, limit: 80 * mebibyte, &report)
        let logs = Double(site.workers.count * (SoakSite.logsKept + 1) * SoakSite.logKiB) * 1.5
        add("logs of all workers", \.logsKiB, limit: logs, &report)
    }

    private func add(_ name: String, _ part: (SoakSample) -> Double, limit: Double, _ report: inout Report) {
        let values = log.samples.map(part)
        report.add("\(name), largest", "KiB", Figure(values.max() ?? 0, rounds: values), target: .atMost(limit))
    }
}
