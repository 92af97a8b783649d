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
    before, looks = work(session), 0
    for number in range(10):
        with page.expect_response("**/api/v1/workers"):
            manager.bars(50, symbol=f"S{number}/USDT")
        looks += 1
    page.mouse.wheel(0, 3000)
    page.keyboard.press("End")
    with page.expect_response("**/api/v1/workers"):
        pass
    spent = (work(session) - before) / (looks + 1)
    seen = page.evaluate("seen")
    print(json.dumps({"seconds of work for each look": round(spent, 4), "long tasks, ms": seen["tasks"], "layout shift": seen["shifts"]}))
    # A look comes once a second; a tenth of that may go into showing it.
    assert spent < 0.1
    assert seen["shifts"] < 0.1
    dashboard.screenshot("workers-100")
