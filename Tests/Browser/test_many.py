import json

from playwright.sync_api import expect

WATCH = """() => {
    window.seen = {tasks: [], shifts: 0};
    new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({type: "longtask"});
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shifts += entry.value;
    }).observe({type: "layout-shift"});
}"""


def work(session):
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return metrics["TaskDuration"]


def spent(page, session, do):
    """Seconds of the page's thread for each of ten looks, with something done in each."""
    before = work(session)
    for number in range(10):
        with page.expect_response("**/api/v1/workers"):
            do(number)
    return (work(session) - before) / 10


def test_a_hundred_workers_do_not_make_it_stutter(manager, dashboard):
    for number in range(100):
        manager.start_strategy(f"worker-{number:03}", symbol=f"S{number % 10}/USDT")
        if number == 39:
            dashboard.log_in()
            expect(dashboard.page.locator(".worker-rows [role=row]")).to_have_count(40)
            dashboard.screenshot("workers-40")
    expect(dashboard.page.locator(".worker-rows [role=row]")).to_have_count(100)

    page = dashboard.page
    session = page.context.new_cdp_session(page)
    # The time of the processor, whatever else the machine does.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(WATCH)
    quiet = spent(page, session, lambda _: None)
    flooded = spent(page, session, lambda number: manager.bars(50, symbol=f"S{number}/USDT"))
    page.mouse.wheel(0, 3000)
    page.keyboard.press("End")
    with page.expect_response("**/api/v1/workers"):
        pass
    seen = page.evaluate("seen")
    print(json.dumps({"quiet": round(quiet, 4), "flooded": round(flooded, 4), "long tasks, ms": seen["tasks"], "layout shift": seen["shifts"]}))
    # A look comes once a second: a tenth of that at most for a hundred workers, a fifth with 500 signals in each.
    assert quiet < 0.1
    assert flooded < 0.2
    assert seen["shifts"] < 0.1
    dashboard.screenshot("workers-100")
