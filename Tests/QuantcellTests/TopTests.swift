import Testing
import WireProtocol

@testable import quantcell

@Suite struct TopTests {
    private func worker(_ id: String, _ state: String = "running", messages: Int64 = 0, restarts: Int64 = 0)
        -> JSONValue
    {
        [
            "worker_id": .string(id), "state": .string(state), "symbols": ["BTC/USDT"], "pid": 1,
            "messages_processed": .integer(messages), "restarts": .integer(restarts), "last_error": "it broke",
            "last_heartbeat": "2026-11-21T01:00:00.000000Z",
            "metadata": ["usage": ["cpu_seconds": .number(Double(messages) / 1000), "resident_bytes": 10_485_800]],
        ]
    }

    private func model(_ workers: [JSONValue]) -> TopModel {
        var model = TopModel()
        model.update(workers, wall: 0, monotonic: 0)
        return model
    }

    private func press(_ text: String, _ model: inout TopModel) -> TopModel.Request? {
        TopKey.parse(Array(text.utf8)).reduce(nil) { model.press($1, page: 10) ?? $0 }
    }

    @Test func whatIsWrongStandsFirstAndTheOrderTurns() {
        var model = model([worker("a"), worker("b", restarts: 3), worker("c", "error")])
        #expect(model.shown.map(\.id) == ["c", "a", "b"])
        while model.order != .restarts { _ = press("s", &model) }
        #expect(model.shown.map(\.id) == ["c", "b", "a"])
    }

    @Test func ratesAreWhatWasDoneSinceTheLastLook() {
        var model = model([worker("a", messages: 1000)])
        #expect(model.shown.first?.rate == nil)
        model.update([worker("a", messages: 1500)], wall: 0, monotonic: 2_000_000_000)
        #expect(model.shown.first?.rate == 250)
        #expect(model.shown.first?.cpu == 0.25)
        // A process that counts from the beginning again has no rate yet.
        model.update([worker("a", messages: 3)], wall: 0, monotonic: 3_000_000_000)
        #expect(model.shown.first?.rate == nil)
    }

    @Test func aCommandAsksFirst() {
        var model = model([worker("a"), worker("b", "paused")])
        #expect(press("x", &model) == nil)
        #expect(model.mode == .confirming(.stop, id: "a"))
        #expect(press("n", &model) == nil)
        #expect(press("xy", &model) == .command(.stop, id: "a"))
        #expect(press("jpy", &model) == .command(.resume, id: "b"))
        #expect(press("kpy", &model) == .command(.pause, id: "a"))
        #expect(press("r\r", &model) == .command(.restart, id: "a"))
        #expect(press("q", &model) == .quit)
    }

    @Test func whyAndTopicsAreAskedForAndScroll() {
        var model = model([worker("a"), worker("b")])
        #expect(press("jw", &model) == .showWhy(id: "b"))
        #expect(model.mode == .why(id: "b"))
        #expect(press("jjk", &model) == nil)
        #expect(model.scrolled == 1)
        _ = press("q", &model)
        #expect(model.mode == .table)
        #expect(press("t", &model) == .showTopics)
        #expect(model.scrolled == 0)

        let screen = TopScreen(size: Terminal.Size(columns: 40, rows: 6), isColoured: false)
        let page = (1...9).map { "line \($0)" }
        let end = ["topics", "line 6", "line 7", "line 8", "line 9", "j k: scroll  Esc: back"]
        #expect(screen.lines(page: page, title: "topics", scrolled: 5) == end)
        // Beyond the end there is nothing to see.
        #expect(screen.lines(page: page, title: "topics", scrolled: 500) == end)
    }

    @Test func theFilterNarrowsAndTheChoiceFollowsIt() {
        var model = model([worker("alpha"), worker("beta", "paused"), worker("gamma")])
        _ = press("/pausx\u{7F}\r", &model)
        #expect(model.filter == "paus")
        #expect(model.shown.map(\.id) == ["beta"])
        #expect(model.chosen == "beta")
        _ = press("\u{1B}", &model)
        #expect(model.shown.count == 3)
        #expect(press("l", &model) == .showLog(id: "beta"))
        #expect(press("\u{1B}", &model) == nil)
        #expect(model.mode == .table)
    }

    @Test func keysOfATerminalAreRead() {
        #expect(
            TopKey.parse(Array("\u{1B}[A\u{1B}[B\u{1B}[5~\u{1B}[99~jé\r".utf8)) == [
                .up, .down, .pageUp, .character("j"), .character("é"), .enter,
            ]
        )
        #expect(TopKey.parse([0x1B]) == [.escape])
        #expect(TopKey.parse([0x1B, 0x5B, 0x31]) == [])
        #expect(TopKey.parse([0xFF, 0x01]).count <= 2)
    }

    @Test(arguments: [(20, 3), (80, 24), (200, 60), (1, 1)])
    func theScreenIsNeverLargerThanTheTerminal(_ columns: Int, _ rows: Int) {
        var model = model((0..<100).map { worker("worker-\($0)", $0 % 7 == 0 ? "error" : "running") })
        let screen = TopScreen(size: .init(columns: columns, rows: rows), isColoured: false)
        for _ in 0..<60 {
            let lines = screen.lines(model)
            #expect(lines.count <= max(rows, 1))
            #expect(lines.allSatisfy { $0.count <= columns })
            if rows > 10 { #expect(lines.contains { $0.hasPrefix("> \(model.chosen ?? "")") }) }
            _ = press("j", &model)
        }
    }

    @Test func controlCharactersOfAWorkerDoNotReachTheTerminal() {
        let model = model([worker("a\u{1B}[2J", "error")])
        let text = TopScreen(size: .init(columns: 200, rows: 24), isColoured: false).lines(model).joined()
        #expect(!text.contains("\u{1B}"))
    }
}
