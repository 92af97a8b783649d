"""The page as a person uses it, and a record of what it must never do."""

import re

from playwright.sync_api import expect

# Said by the browser itself, not by the page, while the manager is away.
AWAY = re.compile(r"Failed to load resource: net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|SOCKET_NOT_CONNECTED)")


class Dashboard:
    def __init__(self, page, manager, screenshots):
        self.page = page
        self.manager = manager
        self.screenshots = screenshots
        #: Patterns of console errors that this test causes on purpose.
        self.expected_errors = []
        self.errors = []
        self.foreign = []
        self.requests = []
        #: How often the page itself was loaded; the login's own does not count.
        self.loads = 0
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        page.on("request", self._request)
        page.on("dialog", self._dialog)
        page.on("load", self._load)
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) =>"
            " console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`))"
        )

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(f"console {message.type}: {message.text} {message.location.get('url', '')}")

    def _request(self, request):
        self.requests.append(request)
        if not request.url.startswith(self.manager.url):
            self.foreign.append(request.url)

    def _dialog(self, dialog):
        self.errors.append(f"a script opened a {dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _load(self, page):
        self.loads += page.url == self.manager.url

    def check(self):
        """Nothing left the origin, no script ran that is not ours, nothing was complained about."""
        assert not self.foreign, self.foreign
        unexpected = [error for error in self.errors if not any(re.search(pattern, error) for pattern in self.expected_errors)]
        assert not unexpected, unexpected

    # What a person does

    def log_in(self, scope="operate"):
        self.page.goto(self.manager.login_link(scope))
        self.live()
        return self

    def live(self):
        expect(self.page.locator("#connection")).to_have_attribute("data-state", "live")

    def row(self, name):
        return self.page.locator(f"[data-worker='{name}']")

    def state(self, name, state):
        """Waits until the worker is shown in this state."""
        expect(self.row(name).locator(".state")).to_have_text(state)

    def press_button(self, name, text):
        self.row(name).get_by_role("button", name=f"{text} {name}", exact=True).click()

    def confirm(self, text):
        dialog = self.page.get_by_role("dialog").filter(has=self.page.locator("h2", has_text="?"))
        dialog.get_by_role("button", name=text, exact=True).click()
        expect(dialog).to_have_count(0)

    def open_panel(self, name, tab="Why"):
        self.row(name).locator(".cell-id").click()
        panel = self.page.locator("#panel")
        panel.get_by_role("tab", name=tab).click()
        return panel

    @property
    def entries(self):
        return self.page.locator("#journal-list > li")

    def screenshot(self, name, **options):
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.screenshots / f"{name}.png", **options)
