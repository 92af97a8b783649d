from playwright.sync_api import expect


def test_pause_resume_restart_and_stop_by_click(manager, dashboard):
    manager.start_strategy("alpha")
    manager.start_strategy("beta")
    dashboard.log_in()
    dashboard.state("alpha", "running")
    done = dashboard.page.get_by_role("status")

    dashboard.press_button("alpha", "Pause")
    dashboard.screenshot("confirm")
    dashboard.confirm("Cancel")
    assert manager.status("alpha")["state"] == "running"

    dashboard.press_button("alpha", "Pause")
    dashboard.confirm("Pause")
    dashboard.state("alpha", "paused")
    expect(done.filter(has_text="alpha is paused")).to_be_visible()
    assert manager.status("alpha")["state"] == "paused"
    assert manager.status("beta")["state"] == "running"

    dashboard.press_button("alpha", "Resume")
    dashboard.confirm("Resume")
    dashboard.state("alpha", "running")
    assert manager.status("alpha")["state"] == "running"

    before = manager.status("alpha")["pid"]
    dashboard.press_button("alpha", "Restart")
    dashboard.confirm("Restart")
    expect(done.filter(has_text="alpha runs in a new process")).to_be_visible()
    assert manager.status("alpha")["pid"] != before

    dashboard.press_button("alpha", "Stop")
    dashboard.confirm("Stop")
    dashboard.state("alpha", "stopped")
    assert manager.status("alpha")["state"] == "stopped"

    dashboard.press_button("alpha", "Start")
    dashboard.confirm("Start")
    dashboard.state("alpha", "running")
    assert manager.status("alpha")["state"] == "running"
    dashboard.state("beta", "running")


def test_new_code_goes_in_by_click_and_bad_code_does_not(manager, dashboard):
    manager.start_strategy("alpha")
    source = manager.strategies / "probe.swift"
    code = source.read_text()
    dashboard.log_in()
    dashboard.state("alpha", "running")
    before = manager.status("alpha")

    # The table has room for what is done often.
    expect(dashboard.row("alpha").get_by_role("button", name="Reload alpha", exact=True)).to_have_count(0)
    panel = dashboard.open_panel("alpha", "Log")
    source.write_text(code.replace("bar.close", "bar.clothes"))
    dashboard.expected_errors = [r"status of (400|500)"]
    panel.get_by_role("button", name="Reload", exact=True).click()
    dialog = dashboard.page.get_by_role("dialog", name="Reload alpha?")
    expect(dialog).to_contain_text("If the trial fails, nothing changes")
    dashboard.screenshot("reload")
    dashboard.confirm("Cancel")
    panel.get_by_role("button", name="Reload", exact=True).click()
    dashboard.confirm("Reload")
    alert = dashboard.page.get_by_role("alert")
    expect(alert).to_contain_text("Reload alpha: refused")
    expect(alert).to_contain_text("has no member 'clothes'")
    expect(alert).to_contain_text("The old code runs on. Mend the file, and reload again.")
    dashboard.screenshot("reload-refused")
    after = manager.status("alpha")
    assert (after["state"], after["pid"], after["generation"]) == ("running", before["pid"], before["generation"])
    alert.get_by_role("button", name="Close").click()

    source.write_text(code.replace("closes at", "ends at"))
    dashboard.page.keyboard.press("c")
    dashboard.confirm("Reload")
    expect(dashboard.page.get_by_role("status").filter(has_text="alpha runs what is in its file")).to_be_visible()
    manager.bars(1)
    expect(panel.locator(".log")).to_contain_text("ends at 100.0")
    assert manager.status("alpha")["pid"] != before["pid"]


def test_parameters_are_changed_while_it_runs(manager, dashboard):
    manager.start_strategy("alpha", window=5)
    dashboard.log_in()
    panel = dashboard.open_panel("alpha", "Log")
    panel.get_by_role("button", name="Parameters").click()
    dialog = dashboard.page.get_by_role("dialog", name="Parameters of alpha")

    dialog.get_by_label("window").fill("many")
    dialog.get_by_role("button", name="Change parameters").click()
    expect(dialog.get_by_role("alert")).to_have_text("window must be a number, and 'many' is none.")

    dialog.get_by_label("window").fill("9")
    expect(dialog).to_contain_text("window: 5 → 9")
    dashboard.screenshot("params")
    dialog.get_by_role("button", name="Change parameters").click()
    expect(dashboard.page.get_by_role("status").filter(has_text="alpha runs with")).to_be_visible()
    expect(panel.locator(".log")).to_contain_text("window was 5, is 9")
    assert manager.status("alpha")["metadata"]["params"]["window"] == 9


def test_a_strategy_is_started_and_a_mistake_in_it_is_shown(manager, dashboard):
    broken = manager.strategies / "broken.swift"
    broken.write_text((manager.strategies / "probe.swift").read_text().replace("bar.close", "bar.clothes"))
    dashboard.log_in()
    dashboard.page.get_by_role("button", name="Start a strategy").click()
    dialog = dashboard.page.get_by_role("dialog", name="Start a strategy")
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("alert")).to_have_text("Say which file to start.")

    dashboard.expected_errors = [r"status of (400|403|500)"]
    dialog.get_by_label("File").fill(str(broken))
    dialog.get_by_role("textbox", name="Name", exact=True).fill("gamma")
    dialog.get_by_label("Symbols").fill("BTC/USDT, ETH/USDT")
    dialog.get_by_label("Parameters").fill('{"window": 12}')
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("alert")).to_contain_text("broken.swift:")
    expect(dialog.get_by_role("alert")).to_contain_text("has no member 'clothes'")
    dashboard.screenshot("start-refused")

    dialog.get_by_label("File").fill("/etc/passwd")
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("alert")).not_to_contain_text("clothes")
    expect(dialog.get_by_role("alert")).not_to_be_empty()

    dialog.get_by_label("File").fill(str(manager.strategies / "probe.swift"))
    dialog.get_by_role("button", name="Start").click()
    expect(dialog).to_have_count(0)
    dashboard.state("gamma", "running")
    status = manager.status("gamma")
    assert status["symbols"] == ["BTC/USDT", "ETH/USDT"]
    assert status["metadata"]["params"]["window"] == 12


def test_a_refusal_says_why_and_what_to_do(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in()
    dashboard.state("alpha", "running")
    dashboard.press_button("alpha", "Pause")
    # Somebody else is faster.
    manager.cli("stop", "alpha")
    dashboard.expected_errors = [r"status of 409"]
    dashboard.confirm("Pause")
    alert = dashboard.page.get_by_role("alert")
    expect(alert).to_contain_text("Pause alpha: refused")
    expect(alert).to_contain_text("Look at why, then try again.")
