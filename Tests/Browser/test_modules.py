"""What the page is made of, by itself: the modules as the manager serves them, in the real browser."""

import pytest


@pytest.fixture
def run(dashboard):
    """Runs a function of an imported module's exports."""
    dashboard.log_in()

    def run(module, body, argument=None):
        return dashboard.page.evaluate(f"([path, argument]) => import(path).then((module) => ({body})(module, argument))", [f"/assets/{module}", argument])

    return run


def test_events_arrive_in_any_pieces(run):
    text = 'retry: 1000\r\n\r\nevent: snapshot\nid: 7\ndata: {"a":\ndata: 1}\n\n: keep-alive\n\nid: 8\rdata:x\r\rdata: y\nunknown\n\nevent: lost\nid: 9\n\ndata: cut'
    split = """({EventParser}, text) => Array.from({length: text.length}, (_, cut) => {
        const parser = new EventParser();
        return JSON.stringify([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]);
    })"""
    found = set(run("data/event-parser.js", split, text))
    assert found == {
        '[{"type":"snapshot","id":"7","data":"{\\"a\\":\\n1}"},{"type":"message","id":"8","data":"x"},{"type":"message","id":null,"data":"y"}]'
    }


def test_what_grows_has_a_bound(run):
    series = """({Series}) => {
        const series = new Series(3);
        for (const value of [1, 2, null, 4]) series.push(value);
        return [series.length, series.last, series.tail(9).map(String)];
    }"""
    assert run("base/series.js", series) == [3, 4, ["2", "NaN", "4"]]

    journal = """({Journal}) => {
        const entries = (from, to) => Array.from({length: to - from + 1}, (_, index) => ({seq: from + index}));
        const journal = new Journal();
        journal.append(entries(1000, 1010));
        journal.prepend(entries(1, 999));
        const again = journal.append(entries(1005, 1012)).map(({seq}) => seq);
        journal.append(entries(1013, 9000));
        journal.prepend(entries(1, 6000));
        return [again, journal.entries.length, journal.first, journal.last];
    }"""
    assert run("data/journal.js", journal) == [[1011, 1012], 3000, 6001, 9000]


def test_rates_come_from_two_heartbeats_of_one_process(run):
    body = """({WorkerHistory}) => {
        const history = new WorkerHistory();
        const at = (second) => new Date(second * 1000).toISOString();
        const look = (generation, second, messages, cpu, now = second) => {
            history.take({generation, pid: 1, last_heartbeat: at(second), messages_processed: messages, metadata: {usage: {cpu_seconds: cpu}}}, now);
            return [history.rate.last, history.cpu.last];
        };
        return [
            look(1, 100, 500, 1), look(1, 102, 700, 1.5), look(1, 102, 700, 1.5, 103),
            look(2, 104, 10, 0), look(2, 105, 60, 0.25), look(2, 105, 60, 0.25, 110),
        ];
    }"""
    assert run("data/worker-history.js", body) == [[None, None], [100, 0.25], [100, 0.25], [None, None], [50, 0.25], [None, None]]


def test_numbers_are_written_as_people_read_them(run):
    body = """(format) => [
        format.count(45031), format.count(null), format.rate(0.01), format.rate(12.34), format.percent(0.032), format.percent(1.5),
        format.bytes(16850944), format.bytes(512), format.duration(0.44), format.duration(75), format.duration(7500), format.ago(0.3),
        format.timeOfDay("2026-11-30T14:53:06.671234Z"), format.json({a: 1}),
    ]"""
    expected = ["45,031", "–", "<0.1", "12.3", "3.2 %", "150 %", "16.1 MB", "512 B", "0.4 s", "75 s", "2 h 5 min", "just now"]
    assert run("base/format.js", body) == expected + ["14:53:06.671", '{"a":1}']
