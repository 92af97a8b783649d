from playwright.sync_api import expect


def test_everything_without_a_mouse(manager, dashboard):
    for name in ("alpha", "beta", "gamma"):
        manager.start_strategy(name)
    dashboard.log_in()
    dashboard.state("gamma", "running")
    page, press = dashboard.page, dashboard.page.keyboard.press

    press("?")
    help_ = page.get_by_role("dialog", name="Keyboard")
    expect(help_).to_be_visible()
    dashboard.screenshot("help")
    press("Escape")
    expect(help_).to_have_count(0)

    press("j")
    expect(dashboard.row("alpha")).to_be_focused()
    press("j")
    expect(dashboard.row("beta")).to_be_focused()
    press("ArrowDown")
    expect(dashboard.row("gamma")).to_be_focused()
    press("k")
    expect(dashboard.row("beta")).to_be_focused()

    # Tab goes to the row's own buttons, not through those of all workers.
    press("Tab")
    expect(dashboard.row("beta").get_by_role("button", name="Pause beta")).to_be_focused()
    press("Shift+Tab")
    expect(dashboard.row("beta")).to_be_focused()

    press("p")
    question = page.get_by_role("dialog", name="Pause beta?")
    expect(question.get_by_role("button", name="Pause")).to_be_focused()
    press("Enter")
    dashboard.state("beta", "paused")
    expect(dashboard.row("beta")).to_be_focused()

    press("x")
    question = page.get_by_role("dialog", name="Stop beta?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    press("Enter")
    expect(question).to_have_count(0)
    assert manager.status("beta")["state"] == "paused"
    press("x")
    press("y")
    dashboard.state("beta", "stopped")

    press("Enter")
    panel = page.locator("#panel")
    expect(panel).to_contain_text("nothing: it was stopped")
    expect(panel.get_by_role("heading", name="beta", exact=True)).to_be_focused()
    panel.get_by_role("tab", name="Why").focus()
    press("ArrowRight")
    expect(panel.get_by_role("tab", name="Log")).to_have_attribute("aria-selected", "true")
    press("Escape")
    expect(dashboard.row("beta")).to_be_focused()

    press("/")
    expect(page.locator("#workers-filter")).to_be_focused()
    page.keyboard.type("gam")
    expect(page.locator(".worker-rows [role=row]")).to_have_count(1)
    press("Enter")
    expect(dashboard.row("gamma")).to_be_focused()
    press("/")
    press("Escape")
    expect(page.locator(".worker-rows [role=row]")).to_have_count(3)

    press("f")
    expect(page.get_by_role("checkbox", name="Follow")).not_to_be_checked()
    press("o")
    expect(page.locator("#workers-order")).to_have_value("state")
    press("n")
    expect(page.get_by_role("dialog", name="Start a strategy").get_by_label("File")).to_be_focused()
    press("Escape")


def test_the_focus_is_seen(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    dashboard.state("alpha", "running")
    dashboard.page.keyboard.press("Tab")
    expect(dashboard.page.locator(".skip")).to_be_in_viewport()
    seen = set()
    for _ in range(40):
        dashboard.page.keyboard.press("Tab")
        focus = dashboard.page.evaluate(
            """() => {
                const element = document.activeElement;
                const style = getComputedStyle(element);
                return [element === document.body, element.id || element.className || element.tagName, style.outlineStyle, style.outlineWidth];
            }"""
        )
        if focus[0]:
            break
        seen.add(focus[1])
        assert focus[2] != "none" and focus[3] != "0px", f"the focus on {focus[1]} cannot be seen"
    assert {"start-button", "help-button", "workers-filter", "worker", "journal-filter"} <= seen
