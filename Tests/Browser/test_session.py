from playwright.sync_api import expect


def test_the_one_time_link_logs_in_once(manager, dashboard, chromium):
    link = manager.login_link()
    dashboard.page.goto(link)
    dashboard.live()
    assert dashboard.page.url == manager.url
    expect(dashboard.page.locator("#attention-title")).to_have_text("Nothing is wrong, and nothing runs yet")
    expect(dashboard.page.locator("#workers-empty")).to_contain_text("quantcell start-strategy")
    expect(dashboard.page.locator("#topics-empty")).to_contain_text("quantcell publish")

    other = chromium.new_context()
    page = other.new_page()
    page.goto(link)
    expect(page.locator("body")).to_contain_text("quantcell dashboard")
    expect(page.locator("#workers")).to_have_count(0)
    other.close()


def test_without_a_session_the_page_says_how_to_get_one(manager, dashboard):
    dashboard.expected_errors = [r"status of 401"]
    answer = dashboard.page.goto(manager.url)
    assert answer.status == 401
    expect(dashboard.page.locator("body")).to_contain_text("quantcell dashboard")


def test_a_session_that_is_over_is_said_to_be(manager, dashboard):
    dashboard.log_in()
    dashboard.expected_errors = [r"status of 401"]
    dashboard.page.context.clear_cookies()
    dialog = dashboard.page.get_by_role("dialog", name="Your session is over")
    expect(dialog).to_contain_text("quantcell dashboard")
    expect(dashboard.page.locator("#connection")).to_contain_text("Signed out, stale since")
    dashboard.screenshot("signed-out")


def test_who_may_only_look_finds_no_button_to_act(manager, dashboard):
    manager.start_strategy("alpha")
    dashboard.log_in(scope="read")
    dashboard.state("alpha", "running")
    expect(dashboard.row("alpha").get_by_role("button")).to_have_count(0)
    expect(dashboard.page.locator("#start-button")).to_be_hidden()
    dashboard.page.keyboard.press("x")
    expect(dashboard.page.get_by_role("alert")).to_contain_text("This session may only look")


def test_signing_out_ends_the_session(manager, dashboard):
    dashboard.log_in()
    expect(dashboard.page.locator("#session-facts")).to_contain_text("may look and act, until")
    dashboard.expected_errors = [r"status of 401"]
    dashboard.page.get_by_role("button", name="Sign out").click()
    expect(dashboard.page.get_by_role("dialog", name="Your session is over")).to_be_visible()
    assert dashboard.page.goto(manager.url).status == 401
