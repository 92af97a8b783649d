import re

from playwright.sync_api import expect


def test_why_on_a_click(manager, dashboard):
    manager.start_strategy("alpha")
    manager.bars(3)
    manager.kill("alpha")
    dashboard.log_in()
    dashboard.state("alpha", "running")
    panel = dashboard.open_panel("alpha")
    expect(panel.get_by_role("heading", name="alpha", exact=True)).to_be_visible()
    expect(panel).to_contain_text("nothing: it runs, and is heard from")
    expect(panel.locator(".death")).to_contain_text("Generation 1: SIGKILL")
    expect(panel.locator(".steps")).to_contain_text("restart granted")
    panel.get_by_text("What it wrote last").click()
    expect(panel.locator(".death pre")).to_contain_text("bar 3 closes at 100.0")
    dashboard.screenshot("why")

    # It is asked for anew when something happens.
    manager.cli("pause", "alpha")
    expect(panel).to_contain_text("it is paused until somebody resumes it")
    dashboard.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_log_follows(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    panel = dashboard.open_panel("alpha", "Log")
    log = panel.locator(".log")
    expect(log).to_contain_text("window 5, label bar")
    manager.bars(100)
    expect(log.locator("li").last).to_contain_text("bar 100 closes at 100.0")
    expect(log.locator("li").last).to_be_in_viewport()
    dashboard.screenshot("log")

    # Who scrolls up is left in peace.
    log.evaluate("log => { log.scrollTop = 0; }")
    expect(panel.get_by_role("button", name="Follow", exact=True)).to_have_attribute("aria-pressed", "false")
    manager.bars(1)
    expect(log.locator("li").last).to_contain_text("bar 101 closes")
    assert log.evaluate("log => log.scrollTop") == 0
    panel.get_by_role("button", name="Follow", exact=True).click()
    expect(log.locator("li").last).to_be_in_viewport()

    panel.get_by_label("Filter the log's lines").fill("bar 77 ")
    expect(log.locator("li:visible")).to_have_count(1)


def test_numbers_and_signals(manager, dashboard):
    manager.start_strategy("alpha", label="breakout")
    manager.bars(7)
    dashboard.log_in()
    panel = dashboard.open_panel("alpha", "Signals")
    expect(panel.locator(".steps > li")).to_have_count(7)
    manager.bars(1)
    expect(panel.locator(".steps > li")).to_have_count(8)
    expect(panel.locator(".steps > li").first).to_contain_text("breakout buy BTC/USDT")

    panel.get_by_role("tab", name="Numbers").click()
    expect(panel.locator(".charts")).to_contain_text(re.compile(r"Memory \d"))
    expect(panel.locator(".facts-list")).to_contain_text('"label":"breakout"')
    dashboard.screenshot("numbers")
