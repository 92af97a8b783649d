"""Fixtures: a real manager for each test, and the page in Debian's Chromium, watched for what it must never do."""

import os
import pathlib
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from dashboard import Dashboard
from manager import LIMIT, Manager

SCREENSHOTS = pathlib.Path(os.environ.get("QUANTCELL_SCREENSHOTS", pathlib.Path(__file__).parents[2] / ".build" / "screenshots"))

expect.set_options(timeout=LIMIT * 1000)


@pytest.fixture(scope="session")
def chromium():
    program = shutil.which("chromium")
    assert program, "chromium is not installed; 'make setup-browser' installs it"
    with sync_playwright() as playwright:
        # The sandbox of Chromium needs user namespaces, which containers often have not.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def manager():
    manager = Manager()
    try:
        yield manager.start()
    finally:
        manager.close()


@pytest.fixture
def dashboard(manager, chromium):
    """The page, logged in and live. What it did wrong in the test fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(LIMIT * 1000)
    page = Dashboard(context.new_page(), manager, SCREENSHOTS)
    try:
        yield page
        page.check()
    finally:
        context.close()
