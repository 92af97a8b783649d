"""Names, logs and errors come from strategies and feeds: all of it is text."""

from playwright.sync_api import expect

ATTACK = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e"
SHOWN = ATTACK.replace("\u202e", "\\u{202e}")
SYMBOL = "<b>X</b>"


def test_hostile_text_is_text(manager, dashboard):
    manager.start_strategy("alpha", label=ATTACK)
    manager.start_strategy("beta", symbol="ETH/USDT", label=ATTACK, mode="throw")
    manager.start_strategy("gamma", label=ATTACK, mode="refuse", code=1)
    dashboard.log_in()
    manager.bars(2)
    manager.bars(20, symbol="ETH/USDT")

    expect(dashboard.page.locator("#attention-list")).to_contain_text("<img src=x onerror=alert(1)>")
    # What would turn the rest of the line around is shown, and does nothing.
    expect(dashboard.page.locator("#attention-list")).to_contain_text(SHOWN)
    expect(dashboard.entries.filter(has_text=f"{SHOWN} buy BTC/USDT").first).to_be_visible()
    panel = dashboard.open_panel("alpha", "Log")
    expect(panel.locator(".log")).to_contain_text("<script>alert(2)</script>")
    for tab in ("Signals", "Numbers", "Why"):
        panel.get_by_role("tab", name=tab).click()
        expect(panel.locator("#panel-body")).not_to_contain_text("Asking…")
    panel.get_by_role("button", name="Parameters").click()
    dialog = dashboard.page.get_by_role("dialog", name="Parameters of alpha")
    expect(dialog.get_by_label("label")).to_have_value(ATTACK)
    dialog.get_by_role("button", name="Cancel").click()
    dashboard.screenshot("hostile")

    # No element was made of it, and no script ran: `check` would have seen a dialog or a request.
    assert dashboard.page.locator("img[src=x], main script, #panel script").count() == 0


def test_a_hostile_topic_is_text(manager, dashboard):
    dashboard.log_in()
    manager.feed(b"market.BTC/USDT.kline", b'{"open": "<script>alert(3)</script>"}')
    expect(dashboard.entries.locator(".kind", has_text="refused").first).to_be_visible()
    manager.cli("publish", f"{SYMBOL}", "tick", '{"price": 1, "size": 1}')
    expect(dashboard.page.locator("#topics .topic-name strong", has_text=SYMBOL)).to_be_visible()
    assert dashboard.page.locator("#topics b").count() == 0
