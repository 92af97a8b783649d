import re
import signal

from playwright.sync_api import expect

from dashboard import AWAY
from manager import free_port


def test_a_worker_that_is_killed_is_seen_to_come_back(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    dashboard.state("alpha", "running")
    expect(dashboard.row("alpha").locator(".cell-restarts .number")).to_have_text("0")

    manager.kill("alpha")
    expect(dashboard.row("alpha").locator(".cell-restarts .number")).to_have_text("1")
    dashboard.state("alpha", "running")
    note = dashboard.page.locator(".problem-item[data-about=alpha]")
    expect(note).to_contain_text("was restarted")
    expect(note).to_contain_text("SIGKILL")
    expect(dashboard.entries.filter(has_text="the process ended: SIGKILL").first).to_be_visible()
    assert dashboard.loads == 1


def test_numbers_and_charts_live(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    manager.bars(50)
    topic = dashboard.page.locator("[data-topic='market.BTC/USDT.kline']")
    expect(topic.locator(".cell-sequence .number")).to_have_text("50")
    manager.bars(1000)
    expect(topic.locator(".cell-sequence .number")).to_have_text("1,050")
    expect(topic.locator(".cell-gaps .number")).to_have_text("0")
    expect(dashboard.row("alpha").locator(".cell-memory .number")).to_have_text(re.compile(r"^\d+(\.\d)? MB$"))
    expect(dashboard.row("alpha").locator(".cell-memory .chart-line")).to_have_attribute("d", re.compile("M.*L.*L"))
    # A heartbeat comes each second; the age never gets far from that.
    expect(dashboard.row("alpha").locator(".cell-beat .number")).to_have_text(re.compile(r"^[01]\.\d s$"))
    expect(dashboard.page.locator("#summary")).to_contain_text("1 of 1")


def test_a_worker_that_starts_and_one_that_is_removed_show_without_a_reload(manager, dashboard):
    dashboard.log_in()
    manager.start_strategy("alpha")
    dashboard.state("alpha", "running")
    manager.cli("stop", "alpha")
    dashboard.state("alpha", "stopped")
    dashboard.press_button("alpha", "Remove")
    dashboard.confirm("Remove")
    expect(dashboard.row("alpha")).to_have_count(0)
    assert dashboard.loads == 1


def test_the_page_comes_back_when_the_manager_does(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    dashboard.state("alpha", "running")
    before = manager.json("journal", "--limit", "1")[-1]["seq"]
    dashboard.expected_errors = [AWAY.pattern]

    manager.end(signal.SIGKILL)
    connection = dashboard.page.locator("#connection")
    expect(connection).to_have_attribute("data-state", "reconnecting")
    expect(connection).to_contain_text("stale since")
    expect(dashboard.page.locator("body")).to_have_class(re.compile("is-stale"))
    expect(dashboard.page.locator("#attention-list > li").first).to_contain_text("quantcell-manager run")
    dashboard.screenshot("reconnecting")

    manager.start()
    dashboard.live()
    expect(dashboard.page.locator("body")).not_to_have_class(re.compile("is-stale"))
    dashboard.state("alpha", "running")
    assert dashboard.loads == 1
    # It asked for what it had missed, and has all of it.
    resumed = [request.headers.get("last-event-id") for request in dashboard.requests if request.url.endswith("/events")]
    assert int(resumed[-1]) >= before
    after = manager.json("journal", "--limit", "1")[-1]["seq"]
    assert after > before
    dashboard.page.locator("#journal-kinds [data-kind=intent]").click()
    dashboard.page.locator("#journal-kinds [data-kind=effect]").click()
    dashboard.page.locator("#journal-kinds [data-kind=outcome]").click()
    expect(dashboard.entries.first).to_have_attribute("data-seq", str(after))
    shown = [int(entry.get_attribute("data-seq")) for entry in dashboard.entries.all()]
    assert shown == list(range(after, after - len(shown), -1))


def test_a_manager_that_stands_still_is_noticed(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    manager.process.send_signal(signal.SIGSTOP)
    try:
        connection = dashboard.page.locator("#connection")
        expect(connection).to_have_attribute("data-state", "reconnecting")
        expect(dashboard.page.locator("#attention-list > li").first).to_contain_text("the manager does not answer")
    finally:
        manager.process.send_signal(signal.SIGCONT)
    dashboard.live()
    dashboard.state("alpha", "running")


def test_an_insecure_endpoint_is_loud(manager, dashboard):
    manager.end()
    manager.configure(endpoints=f"feed: ['tcp://127.0.0.1:{free_port()}']", more="security: {insecure_tcp: true}")
    manager.start()
    dashboard.log_in()
    expect(dashboard.page.locator("[data-level=bad][data-about=manager]")).to_contain_text("insecure_tcp")
