import re

from playwright.sync_api import expect


def test_the_journal_is_filtered(manager, dashboard):
    manager.start_strategy("alpha")
    manager.start_strategy("beta", symbol="ETH/USDT")
    manager.bars(5)
    dashboard.log_in()
    entries = dashboard.entries
    expect(entries.filter(has_text="signal")).to_have_count(5)
    expect(entries.filter(has_text="beta").first).to_be_visible()

    dashboard.page.locator("#journal-filter").fill("alpha running")
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("joined its topics")
    dashboard.page.locator("#journal-filter").fill("")

    dashboard.page.locator("#journal-kinds [data-kind=transition]").click()
    expect(entries.filter(has_text="joined its topics")).to_have_count(0)
    expect(entries.filter(has_text="signal")).to_have_count(5)
    dashboard.page.locator("#journal-filter").fill("nothing is like this")
    expect(dashboard.page.locator("#journal-empty")).to_contain_text("take the filter away")


def test_the_journal_follows_or_stands_still(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    entries = dashboard.entries
    manager.bars(3)
    expect(entries.filter(has_text="signal")).to_have_count(3)

    dashboard.page.get_by_role("checkbox", name="Follow").uncheck()
    held = entries.first.get_attribute("data-seq")
    manager.bars(4)
    fresh = dashboard.page.locator("#journal-fresh")
    expect(fresh).to_have_text("4 new entries: show")
    expect(entries.first).to_have_attribute("data-seq", held)
    fresh.click()
    expect(entries.filter(has_text="signal")).to_have_count(7)
    expect(fresh).to_be_hidden()

    dashboard.page.get_by_role("checkbox", name="Follow").check()
    manager.bars(1)
    expect(entries.filter(has_text="signal")).to_have_count(8)


def test_older_entries_are_loaded(manager, dashboard):
    manager.start_strategy("alpha")
    manager.bars(1500)
    dashboard.log_in()
    entries = dashboard.entries
    expect(entries).to_have_count(200)
    dashboard.page.locator("#journal-filter").fill("joined its topics")
    expect(entries).to_have_count(0)
    older = dashboard.page.get_by_role("button", name="Older entries")
    while older.is_visible():
        first = dashboard.page.evaluate("() => document.querySelector('#journal-older').dataset.first")
        older.click()
        expect(dashboard.page.locator("#journal-older")).not_to_have_attribute("data-first", first)
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text(re.compile("starting → running"))


def test_a_flood_of_entries_leaves_the_newest(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    manager.bars(4000)
    last = manager.json("signals", "--limit", "1")[-1]
    expect(dashboard.entries.first).to_contain_text("bar buy BTC/USDT")
    dashboard.page.locator("#journal-filter").fill(last["signal_id"])
    expect(dashboard.entries).to_have_count(1)
