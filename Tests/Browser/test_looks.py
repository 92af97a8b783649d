import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


@pytest.fixture
def busy(manager, dashboard):
    """A page with something of everything on it."""
    manager.start_strategy("alpha")
    manager.start_strategy("beta", symbol="ETH/USDT", label="crossed above the upper band")
    manager.start_strategy("momentum-of-the-forty-largest-pairs", symbol="SOL/USDT")
    for symbol in ("BTC/USDT", "ETH/USDT", "SOL/USDT"):
        manager.bars(30, symbol=symbol)
    manager.kill("alpha")
    manager.cli("pause", "beta")
    dashboard.log_in()
    dashboard.state("alpha", "running")
    dashboard.state("beta", "paused")
    # Half a minute of history would take half a minute; some of it must do.
    expect(dashboard.row("alpha").locator(".cell-memory .chart-line")).to_have_attribute("d", re.compile("(L.*){5}"))
    return dashboard


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_can_be_read_by_everybody(busy, scheme):
    busy.page.emulate_media(color_scheme=scheme)
    busy.screenshot(scheme, full_page=True)
    colours = busy.page.evaluate("() => [getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.body).color]")
    ground, text = [sum(map(float, re.findall(r"[\d.]+", colour)[:3])) for colour in colours]
    assert (ground > text) == (scheme == "light")

    found = Axe().run(busy.page)
    assert found.violations_count == 0, found.generate_report()
    panel = busy.open_panel("alpha")
    expect(panel.locator(".death")).to_be_visible()
    busy.screenshot(f"{scheme}-why")
    found = Axe().run(busy.page)
    assert found.violations_count == 0, found.generate_report()


#: What sticks out of the part of the page that it is in.
OUTSIDE = """() => [...document.querySelectorAll('section *')]
    .filter((element) => element.getBoundingClientRect().right > element.closest('section').getBoundingClientRect().right + 1)
    .filter((element) => !element.closest('.unseen, .worker-head, .topic-head, svg, summary'))
    .map((element) => element.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", [360, 768, 1024, 1280, 1920])
def test_nothing_is_wider_than_its_place(busy, width):
    busy.page.set_viewport_size({"width": width, "height": 780})
    busy.screenshot(f"width-{width}", full_page=True)
    assert busy.page.evaluate("document.documentElement.scrollWidth") <= width
    assert busy.page.evaluate(OUTSIDE) == []
    panel = busy.open_panel("alpha")
    expect(panel.locator(".death")).to_be_visible()
    busy.screenshot(f"width-{width}-why")
    assert busy.page.evaluate("document.documentElement.scrollWidth") <= width
    assert panel.evaluate("panel => panel.querySelector('#panel-body').scrollWidth <= panel.clientWidth")
    for tab in ("Log", "Numbers"):
        panel.get_by_role("tab", name=tab).click()
        assert panel.evaluate("panel => panel.querySelector('#panel-body').scrollWidth <= panel.clientWidth")


def test_what_is_wrong_stands_first(manager, dashboard):
    for name in ("alpha", "beta"):
        manager.start_strategy(name)
    manager.start_strategy("zeta", symbol="ETH/USDT", mode="throw")
    manager.bars(20, symbol="ETH/USDT")
    dashboard.log_in()
    dashboard.state("zeta", "error")
    expect(dashboard.page.locator("#attention-list > li").first).to_contain_text("zeta is in error")
    expect(dashboard.page.locator("#attention-list > li").first).to_contain_text("Look at why, mend the strategy, then restart it.")
    expect(dashboard.page.locator(".worker-rows [role=row]").first).to_have_attribute("data-worker", "zeta")
    expect(dashboard.page).to_have_title(re.compile(r"^\(1\) QuantCell$"))
    dashboard.screenshot("error")
    dashboard.page.get_by_role("button", name="Why: zeta").click()
    expect(dashboard.page.locator("#panel")).to_contain_text("it stays in error until somebody restarts it")
    dashboard.screenshot("error-why")
